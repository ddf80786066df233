# Writes a file as an array of C.
#
#     cmake -D INPUT=net.h -D NAME=runtime_net_h -D OUTPUT=net.c -P embed.cmake
#
# The array ends with a NUL that its size does not count.
file(READ ${INPUT} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "((0x..,0x..,0x..,0x..,)(0x..,0x..,0x..,0x..,)(0x..,0x..,0x..,0x..,))"
  "\\1\n" bytes "${bytes}")
get_filename_component(file ${INPUT} NAME)
# Text only: a byte above 0x7f would not fit into a char everywhere.
if(bytes MATCHES "0x[89a-f]")
  message(FATAL_ERROR "${INPUT} holds a byte that is not ASCII")
endif()
file(WRITE ${OUTPUT} "/* ${file}, written by embed.cmake */
#include <stddef.h>

extern const char ${NAME}[];
extern const size_t ${NAME}_size;
const char ${NAME}[] = {
${bytes}0x00
};
const size_t ${NAME}_size = ${size};
")
