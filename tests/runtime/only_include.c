/* only_include.c - the header, with nothing of it used: for test_header.sh. */
#include <cnnc/net.h>

int main(void);
int main(void)
{
    return 0;
}
