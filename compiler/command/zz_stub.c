#include "command/command.h"
bool command_verify(const CommandOptions *o){(void)o;return false;}
bool command_eval(const CommandOptions *o){(void)o;return false;}
bool command_bench(const CommandOptions *o){(void)o;return false;}
bool command_graph(const CommandOptions *o){(void)o;return false;}
