/*
 * onnx_local.h - what the files of the ONNX reader share.
 *
 *     onnx_wire.c        bytes     -> messages of onnx.proto
 *     onnx_tensor.c      a Tensor  -> OnnxTensor      onnx_external.c
 *     onnx_attr.c        Attribute -> OnnxAttr
 *     onnx_node.c        Node      -> Draft           functions' bodies too
 *     onnx_function.c    Drafts    -> OnnxNodes       calls unfolded
 *     onnx_value.c       Value     -> OnnxValueInfo   inputs and outputs
 *     onnx_graph.c       initialisers, inputs, outputs
 *     onnx_order.c       who makes and reads each value; the nodes' order
 *     onnx_names.c       tables of names
 *     onnx_read.c        all of it, one step a line
 *
 * Each returns false or NULL after a diagnostic. Messages live in the model's
 * arena like all else: what can be used as it is, is not copied.
 */
#ifndef CNNC_IMPORT_ONNX_LOCAL_H
#define CNNC_IMPORT_ONNX_LOCAL_H

#include "import/model.h"
#include "import/onnx.h"
#include "import/onnx.pb-c.h"

typedef ProtobufCBinaryData Bytes;

#define ONNX_FILE_LIMIT ((int64_t)INT32_MAX) /* protobuf's own */
/* External data of a model, in bytes. */
#define ONNX_EXTERNAL_LIMIT ((int64_t)4 << 30)
#define ONNX_MAX_NODES      200000 /* functions unfolded */
#define ONNX_MAX_ATTRS      256    /* of a node */
#define ONNX_MAX_IMPORTS    256    /* of a model or function */
/* What unfolding functions may take, in bytes. */
#define ONNX_UNFOLD_LIMIT ((int64_t)256 << 20)
#define ONNX_MIN_IR       3
#define ONNX_MAX_IR       13
#define ONNX_IR_CONSTANTS 4 /* initialisers need not be inputs */

/* ---- names (onnx_names.c) ------------------------------------------------ */

/* Names and what they stand for: filled, sorted, then searched. No hash that
 * a model could be made to collide in. */
typedef struct OnnxName {
    const char *name;
    int what, order;
} OnnxName;

typedef VEC(OnnxName) OnnxNames;

void onnx_names_add(OnnxNames *names, const char *name, int what);
void onnx_names_sort(OnnxNames *names); /* equal ones in the order added */
/* The first of that name; NULL: there is none. */
const OnnxName *onnx_names_find(const OnnxNames *names, const char *name);

typedef struct OnnxReader {
    Arena *arena;
    const char *path, *folder; /* of external data; NULL: none is allowed */
    const Pb__Model *file;
    OnnxModel *model;
    int64_t external; /* bytes of external data up to now */
    /* Initialisers of types that are not supported; what: the initialiser. They
     * may be there, but not be read. */
    OnnxNames unsupported;
    const char **input_names; /* of the file, initialisers among them */
} OnnxReader;

/* ---- places, for messages (onnx_read.c) ---------------------------------- */

/* Whose fault it is: initialiser 'w'; attribute 'value' of Constant 'c'. */
typedef struct OnnxPlace {
    const char *kind, *name; /* name NULL: there is only one of the kind */
    const char *op, *node;   /* op NULL: it is no part of a node */
} OnnxPlace;

/* "PATH: error: PLACE TEXT"; returns false. */
bool onnx_refuse(const OnnxReader *r, OnnxPlace place, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* The bytes as a name: valid UTF-8, NUL as ONNX_NUL; else NULL and a
 * diagnostic. what is "a name", "an input" ... */
const char *onnx_text(const OnnxReader *r, OnnxPlace place, Bytes bytes,
                      const char *what);

/* ---- the file (onnx_wire.c) ---------------------------------------------- */

Pb__Model *onnx_unpack(Arena *arena, const char *path, const void *bytes,
                       size_t size);

/* ---- tensors (onnx_tensor.c, onnx_external.c) ---------------------------- */

/* Elements of a tensor by ONNX's code of a type. */
const char *onnx_type_name(int64_t code); /* "float16"; "type 99" */
bool onnx_type(int64_t code, DType *type);

OnnxTensor *onnx_tensor(OnnxReader *r, OnnxPlace place, const Pb__Tensor *file);
/* size bytes from the file that the tensor names. */
const void *onnx_external(OnnxReader *r, OnnxPlace place,
                          const Pb__Tensor *file, int64_t size);

/* ---- nodes (onnx_attr.c, onnx_node.c, onnx_function.c) ------------------- */

/* The version of a domain's operators. */
typedef struct OnnxImport {
    const char *domain;
    int64_t version;
} OnnxImport;

typedef struct OnnxImports {
    OnnxImport *at;
    int count;
} OnnxImports;

bool onnx_imports(const OnnxReader *r, OnnxPlace place,
                  Pb__OperatorSet *const *file, size_t count,
                  OnnxImports *imports);
const OnnxImport *onnx_import_of(const OnnxImports *imports,
                                 const char *domain);

/* A node as it is written: in a function its names and some attributes only
 * mean something once the function is called. */
typedef struct OnnxDraft {
    OnnxNode node;
    const char **reference; /* [attr_count]: the function's attribute; NULL:
                               the node has the value itself */
    const char *overload;
    struct OnnxFunction *function; /* the one that it calls; mostly NULL */
} OnnxDraft;

typedef struct OnnxBody {
    OnnxDraft *node;
    int count;
    OnnxImports imports;
} OnnxBody;

/* How many inputs or outputs there are, without the last ones left out. */
int onnx_given(const char *const *names, int count);
/* reference: where an attribute may stand for a function's; else NULL. */
bool onnx_attr(OnnxReader *r, OnnxPlace place, const Pb__Attribute *file,
               OnnxAttr *attr, const char **reference);
bool onnx_body(OnnxReader *r, OnnxPlace place, Pb__Node *const *file,
               size_t count, bool is_function, OnnxBody *body);
/* The nodes of the body, calls of the model's functions replaced by what they
 * do, into model->graph. */
bool onnx_unfold(OnnxReader *r, const OnnxBody *body);

/* ---- values (onnx_value.c, onnx_graph.c, onnx_order.c)--------------------- */

OnnxValueInfo *onnx_value(const OnnxReader *r, const char *kind,
                          const Pb__Value *file);
/* Initialisers, inputs without those, outputs, into model->graph. */
bool onnx_interface(OnnxReader *r);
/* The type of an initialiser among r->unsupported. */
const char *onnx_unsupported(const OnnxReader *r, const char *name);
/* Checks who makes and who reads each value, and puts makers first. */
bool onnx_order(OnnxReader *r);

#endif
