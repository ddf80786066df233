/*
 * ort.c - the few functions of ONNX Runtime's C interface that a run needs.
 *
 *     OrtGetApiBase() -> base -> base->GetApi(14) -> table of functions
 *                                                    table[9] is Run
 *
 * The npm package brings the library without its header, so the functions are
 * taken by their place in the table. The table only ever grows at its end: a
 * place means the same function in every later version.
 */
#include "ort.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API_VERSION 14 /* the oldest that has all of the places below */

typedef struct Status Status; /* NULL: all went well */

/* The places, and the types of the functions there. */
enum {
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION = 7,
    RUN = 9,
    CREATE_SESSION_OPTIONS = 10,
    SET_OPTIMIZATION_LEVEL = 23,
    SET_INTRA_OP_THREADS = 24,
    SET_INTER_OP_THREADS = 25,
    CREATE_TENSOR_WITH_DATA = 49,
    CREATE_CPU_MEMORY_INFO = 69,
    RELEASE_ENV = 92,
    RELEASE_MEMORY_INFO = 94,
    RELEASE_SESSION = 95,
    RELEASE_VALUE = 96,
    RELEASE_SESSION_OPTIONS = 100,
    ADD_SESSION_CONFIG_ENTRY = 130,
};

enum {
    LOG_ERRORS = 3,
    OPTIMIZE_ALL = 99,
    ARENA_ALLOCATOR = 1,
    MEMORY_DEFAULT = 0,
    ELEMENT_FLOAT = 1,
};

typedef const char *GetErrorMessage(const Status *);
typedef Status *CreateEnv(int level, const char *name, void **env);
typedef Status *CreateSession(void *env, const char *path, void *options,
                              void **session);
typedef Status *Run(void *session, void *options, const char *const *in_names,
                    void *const *ins, size_t in_count,
                    const char *const *out_names, size_t out_count,
                    void **outs);
typedef Status *CreateSessionOptions(void **options);
typedef Status *SetNumber(void *options, int value);
typedef Status *CreateTensor(void *memory, void *data, size_t bytes,
                             const int64_t *shape, size_t rank, int type,
                             void **value);
typedef Status *CreateCpuMemoryInfo(int allocator, int kind, void **memory);
typedef Status *AddConfigEntry(void *options, const char *key,
                               const char *value);
typedef void Release(void *);

/* What OrtGetApiBase answers with. */
typedef struct {
    const void *(*get_api)(uint32_t version);
    const char *(*version)(void);
} ApiBase;

/* The function at a place of the table, as its type. ISO C keeps pointers to
 * data and to functions apart, hence the union. */
typedef union {
    const void *data;
    void (*function)(void);
} Slot;

static void (*slot(const OrtModel *m, int place))(void)
{
    Slot s = { .data = m->api[place] };
    return s.function;
}

#define CALL(m, Type, place) ((Type *)slot(m, place))

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void check(const OrtModel *m, Status *status)
{
    if (status)
        fail("ONNX Runtime",
             CALL(m, GetErrorMessage, GET_ERROR_MESSAGE)(status));
}

static void open_library(OrtModel *m, const char *library)
{
    m->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!m->library)
        fail(library, dlerror());
    Slot s = { .data = dlsym(m->library, "OrtGetApiBase") };
    if (!s.data)
        fail(library, "not ONNX Runtime");
    const ApiBase *base = ((const ApiBase *(*)(void))s.function)();
    m->api = base->get_api(API_VERSION);
    if (!m->api)
        fail(library, "too old");
}

static void *tensor(const OrtModel *m, const OrtBuffer *buffer)
{
    size_t bytes = sizeof(float);
    for (size_t i = 0; i < buffer->rank; i++)
        bytes *= (size_t)buffer->shape[i];
    void *value = NULL;
    check(m, CALL(m, CreateTensor, CREATE_TENSOR_WITH_DATA)(
                 m->memory, buffer->data, bytes, buffer->shape, buffer->rank,
                 ELEMENT_FLOAT, &value));
    return value;
}

static void open_ports(const OrtModel *m, OrtPorts *ports,
                       const OrtBuffers *buffers)
{
    for (size_t i = 0; i < buffers->count; i++) {
        ports->name[i] = buffers->at[i].name;
        ports->tensor[i] = tensor(m, &buffers->at[i]);
    }
    ports->count = buffers->count;
}

void ort_open(OrtModel *m, const char *library, const char *path,
              const OrtBuffers *inputs, const OrtBuffers *outputs)
{
    open_library(m, library);
    check(m, CALL(m, CreateEnv, CREATE_ENV)(LOG_ERRORS, "bench", &m->env));
    check(m,
          CALL(m, CreateSessionOptions, CREATE_SESSION_OPTIONS)(&m->options));
    check(m,
          CALL(m, SetNumber, SET_OPTIMIZATION_LEVEL)(m->options, OPTIMIZE_ALL));
    check(m, CALL(m, SetNumber, SET_INTRA_OP_THREADS)(m->options, 1));
    check(m, CALL(m, SetNumber, SET_INTER_OP_THREADS)(m->options, 1));
    check(m, CALL(m, AddConfigEntry, ADD_SESSION_CONFIG_ENTRY)(
                 m->options, "session.intra_op.allow_spinning", "0"));
    check(m, CALL(m, CreateSession, CREATE_SESSION)(m->env, path, m->options,
                                                    &m->session));
    check(m, CALL(m, CreateCpuMemoryInfo, CREATE_CPU_MEMORY_INFO)(
                 ARENA_ALLOCATOR, MEMORY_DEFAULT, &m->memory));
    open_ports(m, &m->inputs, inputs);
    open_ports(m, &m->outputs, outputs);
}

void ort_run(const OrtModel *m)
{
    const OrtPorts *in = &m->inputs, *out = &m->outputs;
    void *outs[ORT_PORTS];
    memcpy(outs, out->tensor, out->count * sizeof *outs);
    check(m, CALL(m, Run, RUN)(m->session, NULL, in->name, in->tensor,
                               in->count, out->name, out->count, outs));
}

static void close_ports(const OrtModel *m, const OrtPorts *ports)
{
    for (size_t i = 0; i < ports->count; i++)
        CALL(m, Release, RELEASE_VALUE)(ports->tensor[i]);
}

void ort_close(OrtModel *m)
{
    close_ports(m, &m->inputs);
    close_ports(m, &m->outputs);
    CALL(m, Release, RELEASE_MEMORY_INFO)(m->memory);
    CALL(m, Release, RELEASE_SESSION)(m->session);
    CALL(m, Release, RELEASE_SESSION_OPTIONS)(m->options);
    CALL(m, Release, RELEASE_ENV)(m->env);
    dlclose(m->library);
}
