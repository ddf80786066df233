/*
 * net.c - the names and facts that every text about a network shares.
 *
 *     lenet5  ->  lenet5_run, LENET5_IMAGE_SIZE, lenet5_conv1_w, ...
 *
 * C source, header and manifest must agree on each name, so all are given out
 * here, in one order, before anything is printed.
 */
#include "emit/local.h"

#include <string.h>

/* A network called so would be taken for the function of the C library, by the
 * linker or already by the compiler. */
static const char libc[] =
    " abort abs acos acosh alarm aligned_alloc alloca asctime asin asinh "
    "atan atan2 atanh atexit atof atoi atol atoll bcmp bcopy brk bsearch bzero "
    "cabs cacos carg casin catan cbrt ccos ceil cexp cimag clearerr clock clog "
    "clone close conj connect copysign cos cosh cpow cproj creal csin csqrt "
    "ctan ctime difftime div dprintf drem dup dup2 environ erf erfc errno exec "
    "execl execv execve exit exp exp10 exp2 expm1 fabs fclose fdim feof ferror "
    "fflush ffs fgetc fgets floor fma fmax fmin fmod fopen fork fprintf fputc "
    "fputs fread free freopen frexp fscanf fseek ftell fwrite gamma getc "
    "getchar getenv getpid gets gmtime hypot ilogb index isalnum isalpha "
    "isascii isblank iscntrl isdigit isgraph isinf islower isnan isprint "
    "ispunct isspace isupper isxdigit j0 j1 jn kill labs ldexp ldiv lgamma "
    "link listen llabs lldiv llrint llround localtime log log10 log1p log2 "
    "logb longjmp lrint lround lseek malloc memchr memcmp memcpy memmove "
    "mempcpy memset mktime mmap modf nan nearbyint nextafter nexttoward open "
    "pause perror pipe poll pow pow10 printf putc putchar puts qsort raise "
    "rand random read realloc recv remainder remove remquo rename rewind "
    "rindex rint round scalb scalbln scalbn scanf select send setbuf setjmp "
    "setlocale setvbuf signal signbit significand sin sincos sinh sleep "
    "snprintf socket sprintf sqrt srand srandom sscanf stat stderr stdin "
    "stdout stpcpy strcat strchr strcmp strcpy strdup strftime strlen strstr "
    "strtod strtok strtol swab sync system tan tanh tgamma time times tmpfile "
    "tmpnam toascii tolower toupper trunc umask ungetc unlink vprintf wait "
    "write y0 y1 yn ";

static bool is_libc(const char *name)
{
    char padded[72];
    int length = snprintf(padded, sizeof padded, " %s ", name);
    return length < (int)sizeof padded && strstr(libc, padded);
}

char *emit_name(Arena *arena, const Program *program)
{
    Names names = { 0 };
    char *name = name_to_c(arena, program->name);

    if (is_libc(name))
        name = arena_printf(arena, "%s_net", name);
    name = arena_text(arena, names_add(&names, name));
    vec_free(&names.name);
    return name;
}

/* ---- sizes ------------------------------------------------------------------ */

int64_t buffer_bytes(const Buffer *buffer)
{
    int64_t bytes;

    if (!size_mul(buffer->layout.size, dtype_size(buffer->type), &bytes))
        BUG("'%s' is too large", buffer->name);
    return bytes;
}

int64_t emit_stack_bytes(const Program *program)
{
    int64_t most = 0;

    for (int i = 0; i < program->kernels.count; i++) {
        int64_t bytes = kernel_stack_bytes(program->kernels.at[i]);
        most = bytes > most ? bytes : most;
    }
    return most;
}

int64_t emit_weights_bytes(const Program *program)
{
    int64_t bytes = 0;

    for (int i = 0; i < program->buffers.count; i++) {
        const Buffer *buffer = program->buffers.at[i];
        if (buffer->place == BUFFER_CONST &&
            !size_add(bytes, buffer_bytes(buffer), &bytes))
            BUG("the weights are too large");
    }
    return bytes;
}

/* ---- names -------------------------------------------------------------------- */

static const char *global(Net *net, const char *suffix)
{
    return names_add(&net->globals,
                     arena_printf(net->arena, "%s_%s", net->name, suffix));
}

static const char *macro(Net *net, const char *suffix)
{
    const char *name = arena_printf(net->arena, "%s_%s", net->upper, suffix);
    return names_add(&net->globals, name_upper(net->arena, name));
}

static void name_port(Net *net, Port *port, const ProgramPort *from)
{
    const char *name = name_to_c(net->arena, from->name);

    port->port = from;
    port->count = from->buffer->layout.size;
    port->macro = macro(net, arena_printf(net->arena, "%s_SIZE", name));
    if (from->class_count > 0)
        port->classes =
            global(net, arena_printf(net->arena, "%s_classes", name));
}

static void name_ports(Net *net)
{
    const Program *program = net->program;

    net->input_count = program->inputs.count;
    net->output_count = program->outputs.count;
    net->inputs = NEW_N(net->arena, Port, net->input_count);
    net->outputs = NEW_N(net->arena, Port, net->output_count);
    for (int i = 0; i < net->input_count; i++)
        name_port(net, &net->inputs[i], &program->inputs.at[i]);
    for (int i = 0; i < net->output_count; i++)
        name_port(net, &net->outputs[i], &program->outputs.at[i]);
}

static void name_constants(Net *net)
{
    const Program *program = net->program;
    int64_t offset = SIDECAR_HEAD;

    net->constants = NEW_N(net->arena, Constant, program->buffers.count);
    for (int i = 0; i < program->buffers.count; i++) {
        const Buffer *buffer = program->buffers.at[i];
        if (buffer->place != BUFFER_CONST)
            continue;
        Constant *constant = &net->constants[net->constant_count++];
        constant->buffer = buffer;
        constant->name = global(net, buffer->name);
        constant->count = buffer->layout.size;
        constant->bytes = buffer_bytes(buffer);
        constant->offset = offset;
        offset += ceil_div(constant->bytes, SIDECAR_ALIGN) * SIDECAR_ALIGN;
    }
    net->sidecar_bytes = offset;
}

/* Parameters of NET_run: their names are taken after all names of the file,
 * for a parameter must not hide one of those. */
void net_name_parameters(Net *net)
{
    static const char *const in_main[] = {
        "argc", "argv",  "at",      "best", "error",  "failed",  "first",
        "fit",  "fputs", "fprintf", "main", "printf", "putchar", "usage",
    };

    for (size_t i = 0; net->options->program && i < COUNT_OF(in_main); i++)
        names_add(&net->globals, in_main[i]);
    if (net->sidecar)
        net->weights = names_add(&net->globals, "weights");
    for (int i = 0; i < net->input_count; i++)
        net->inputs[i].name =
            names_add(&net->globals, net->inputs[i].port->name);
    for (int i = 0; i < net->output_count; i++)
        net->outputs[i].name =
            names_add(&net->globals, net->outputs[i].port->name);
    net->workspace = names_add(&net->globals, "workspace");
    for (int i = 0; i < net->input_count; i++)
        net->inputs[i].shape =
            names_add(&net->globals, arena_printf(net->arena, "%s_shape",
                                                  net->inputs[i].name));
}

/* Inside of a kernel they mean nothing: its variables may be called so. */
void net_leave_parameters(Net *net)
{
    names_leave(&net->globals, net->file_names);
}

void net_begin(Net *net, Arena *arena, const Program *program,
               const EmitOptions *options)
{
    *net = (Net){ .arena = arena, .program = program, .options = options };
    net->name = names_add(&net->globals, emit_name(arena, program));
    net->upper = name_upper(arena, net->name);
    net->sidecar = options->weights_file != NULL;
    net->run = global(net, "run");
    net->supported = global(net, "supported");
    if (net->sidecar) {
        net->run_with = global(net, "run_with");
        net->weights_check = global(net, "weights_check");
        net->weights_data = global(net, "weights_data");
        net->no_incbin = macro(net, "NO_INCBIN");
        net->incbin = macro(net, "INCBIN");
        net->weights_size = macro(net, "WEIGHTS_SIZE");
    }
    net->guard = macro(net, "H");
    net->workspace_size = macro(net, "WORKSPACE_SIZE");
    net->alignment = macro(net, "ALIGNMENT");
    name_ports(net);
    name_constants(net);
    net->calls = NEW_N(arena, Call, program->kernels.count);
    for (int i = 0; i < program->kernels.count; i++)
        net->calls[i].function = global(net, program->kernels.at[i]->name);
    net->weights_bytes = emit_weights_bytes(program);
    net->file_names = net->globals.name.count;
    net_name_parameters(net);
}

void net_end(Net *net)
{
    vec_free(&net->globals.name);
}

const Constant *net_constant(const Net *net, const Buffer *buffer)
{
    for (int i = 0; i < net->constant_count; i++) {
        if (net->constants[i].buffer == buffer)
            return &net->constants[i];
    }
    BUG("'%s' is no constant of the program", buffer->name);
}

/* ---- prototypes ------------------------------------------------------------------ */

void net_prototype(const Net *net, Text *out, NetCall call)
{
    const char *name = call == NET_RUN        ? net->run
                       : call == NET_RUN_WITH ? net->run_with
                                              : net->name;
    const char *comma = "";

    text_printf(out, "void %s(", name);
    if (call == NET_RUN_WITH) {
        text_printf(out, "const void *%s", net->weights);
        comma = ", ";
    }
    for (int i = 0; i < net->input_count; i++, comma = ", ")
        text_printf(out, "%sconst %s *%s", comma,
                    dtype_c(net->inputs[i].port->buffer->type),
                    net->inputs[i].name);
    for (int i = 0; i < net->output_count; i++, comma = ", ")
        text_printf(out, "%s%s *%s", comma,
                    dtype_c(net->outputs[i].port->buffer->type),
                    net->outputs[i].name);
    if (call != NET_STATIC)
        text_printf(out, "%svoid *%s", comma, net->workspace);
    else if (!*comma)
        text_add(out, "void");
    text_char(out, ')');
}

void text_shape(Text *out, const ProgramPort *port)
{
    for (int i = 0; i < port->rank; i++)
        text_printf(out, "[%lld]", (long long)port->dim[i]);
}
