"""What depends on constants and shapes alone is computed when compiling, with
ONNX's types."""
from models import (TensorProto, expect, finish, i64, node, np, numbers,
                    numpy_helper, refuse, tensor_type)

x = numbers(2, 3, 4, 5)


def constant(array, name):
    return node("Constant", "", name,
                value=numpy_helper.from_array(np.asarray(array)))


def a_shape_computed_from_a_shape():
    nodes = [node("Shape", "x", "s"), constant(i64(0), "zero"),
             node("Gather", "s zero", "n"), constant(i64(-1), "rest"),
             node("Concat", "n rest", "to", axis=0),
             node("Reshape", "x to", "y")]
    expect(nodes, {"x": x}, {"y": x.reshape(2, -1)})
    nodes = [node("Shape", "x", "s", start=1, end=-1),
             node("Reshape", "x s2", "y"), constant(i64(10), "ten"),
             node("Concat", "ten s", "s2", axis=0)]
    expect([nodes[0], nodes[2], nodes[3], nodes[1]], {"x": x},
           {"y": x.reshape(10, 3, 4)}, opset=15, what="Shape with start and end")
    nodes = [node("Size", "x", "s"), constant(i64(1), "one"),
             node("Unsqueeze", "s axes", "s1"), constant(i64(0), "axes"),
             node("Concat", "one s1", "to", axis=0),
             node("Reshape", "x to", "y")]
    expect([nodes[i] for i in (0, 1, 3, 2, 4, 5)], {"x": x},
           {"y": x.reshape(1, -1)}, what="Size")


def whole_numbers_are_divided_as_such():
    for a, b in ((7, 2), (-7, 2), (7, -2), (6, 3)):
        nodes = [constant(i64(a), "a"), constant(i64(b), "b"),
                 node("Div", "a b", "q"), constant(i64(10), "ten"),
                 node("Add", "q ten", "n"), node("ConstantOfShape", "n", "z"),
                 node("Shape", "z", "s"), node("Cast", "s", "f", to=1),
                 node("Add", "x f", "y")]
        expect(nodes, {"x": numbers(1)},
               {"y": numbers(1) + np.float32(int(a / b) + 10)},
               what="%d / %d" % (a, b))
    refuse([constant(i64(1), "a"), constant(i64(0), "b"), node("Div", "a b", "q"),
            node("Reshape", "x q", "y")], {"x": x}, ["y"], "'Div'", "zero")


def casts_of_constants():
    nodes = [constant(np.float32([1.9, -1.9, 300.7, np.inf]), "a"),
             node("Cast", "a", "b", to=TensorProto.INT64),
             node("Cast", "b", "c", to=TensorProto.FLOAT),
             node("Add", "x c", "y")]
    expect(nodes, {"x": np.zeros(4, np.float32)},
           {"y": np.float32([1, -1, 300, 2.0**63])}, what="Cast to int64")
    nodes[1] = node("Cast", "a", "b", to=TensorProto.BOOL)
    expect(nodes, {"x": np.zeros(4, np.float32)},
           {"y": np.float32([1, 1, 1, 1])}, what="Cast to bool")
    nodes[0] = constant(np.float32([1.9, -1.9, 255, 127]), "a")
    nodes[1] = node("Cast", "a", "b", to=TensorProto.INT8)
    expect(nodes, {"x": np.zeros(4, np.float32)},
           {"y": np.float32([1, -1, -1, 127])}, what="Cast to int8")
    nodes[0] = constant(np.float32([1 / 3, 65504, 1e-7, 1e6]), "a")
    nodes[1] = node("Cast", "a", "b", to=TensorProto.FLOAT16)
    with np.errstate(over="ignore"):
        expect(nodes, {"x": np.zeros(4, np.float32)},
               {"y": np.float32([1 / 3, 65504, 1e-7, 1e6]).astype(
                   np.float16).astype(np.float32)}, what="Cast to float16",
               tolerance=1e-8)


def casts_at_run_time():
    a = np.float32([-2.5, -1.9, -0.5, 0, 0.5, 1.9, 300.7])
    for dtype in (np.int32, np.int64, np.bool_):
        expect([node("Cast", "x", "y", to=tensor_type(dtype))], {"x": a},
               {"y": a.astype(dtype)}, what="Cast to %s" % dtype.__name__)
    b = np.array([0, 1, 7, 255], np.uint8)
    for dtype in (np.float32, np.int16, np.int32, np.int64, np.bool_, np.uint16):
        expect([node("Cast", "x", "y", to=tensor_type(dtype))], {"x": b},
               {"y": b.astype(dtype)}, what="Cast of uint8 to %s" % dtype.__name__)
    expect([node("Cast", "x", "y", to=TensorProto.FLOAT)],
           {"x": np.array([True, False])}, {"y": np.float32([1, 0])},
           what="Cast of bool")
    expect([node("CastLike", "x z", "y")], {"x": a, "z": i64(0)},
           {"y": a.astype(np.int64)}, opset=15)
    c = np.int64([-1, 127, 128, 300, 1 << 40])
    for dtype in (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32):
        expect([node("Cast", "x", "y", to=tensor_type(dtype))], {"x": c},
               {"y": c.astype(dtype)}, what="Cast of int64 to %s" % dtype.__name__)
        expect([node("Cast", "x", "y", to=tensor_type(dtype))],
               {"x": np.abs(a[:-1])}, {"y": np.abs(a[:-1]).astype(dtype)},
               what="Cast of float32 to %s" % dtype.__name__)
    expect([node("Cast", "x", "y", to=TensorProto.DOUBLE)], {"x": a},
           {"y": a.astype(np.float64)})
    refuse([node("Cast", "x", "y", to=TensorProto.FLOAT16)], {"x": a},
           {"y": np.float16([1])}, "'Cast'", "float16")
    refuse([node("Cast", "x", "y", to=TensorProto.STRING)], {"x": a},
           {"y": np.int8([1])}, "'Cast'", "to=8")


def every_form_of_constant():
    forms = {"value_float": (2.5, np.float32(2.5)),
             "value_floats": ([1.0, 2.0, 4.0, 8.0, 16.0],
                              np.float32([1, 2, 4, 8, 16]))}
    for name, (given, array) in forms.items():
        expect([node("Constant", "", "c", **{name: given}),
                node("Mul", "x c", "y")], {"x": x}, {"y": x * array}, what=name)
    expect([node("Constant", "", "c", value_ints=[6, -1]),
            node("Reshape", "x c", "y")], {"x": x}, {"y": x.reshape(6, -1)},
           what="value_ints")
    refuse([node("Constant", "", "c", value_string="x"),
            node("Mul", "x c", "y")], {"x": x}, ["y"], "'Constant'")


def constants_of_a_shape():
    expect([node("ConstantOfShape", "s", "c",
                 value=numpy_helper.from_array(np.float32([3]))),
            node("Mul", "x c", "y")], {"x": x}, {"y": 3 * x},
           init={"s": i64(3, 4, 5)})
    expect([node("ConstantOfShape", "s", "c"), node("Add", "x c", "y")],
           {"x": x}, {"y": x}, init={"s": np.zeros(0, np.int64)},
           what="ConstantOfShape of no dimensions")
    expect([node("ConstantOfShape", "s", "w", value=numpy_helper.from_array(
                np.float32([0.5]))),
            node("MatMul", "x w", "y")], {"x": np.ones((1, 2400), np.float32)},
           {"y": np.full((1, 2400), 1200, np.float32)},
           init={"s": i64(2400, 2400)}, what="23 MB of one number")


def ranges():
    for start, limit, delta in ((0, 6, 1), (5, -1, -1), (0, 5, 2)):
        values = np.arange(start, limit, delta)
        expect([node("Range", "a b c", "r"), node("Cast", "r", "f", to=1),
                node("Add", "x f", "y")],
               {"x": np.zeros(values.shape, np.float32)},
               {"y": values.astype(np.float32)},
               init={"a": np.int64(start), "b": np.int64(limit),
                     "c": np.int64(delta)}, what="Range %d" % delta)
    refuse([node("Range", "a b c", "r"), node("Reshape", "x r", "y")], {"x": x},
           ["y"], "'Range'", init={"a": np.int64(0), "b": np.int64(1 << 60),
                                   "c": np.int64(1)})


def operators_on_constants_alone():
    a, b = numbers(3, 4, 5), numbers(4, 5)
    expect([node("Mul", "a b", "ab"), node("Sigmoid", "ab", "s"),
            node("Transpose", "s", "t", perm=[0, 2, 1]),
            node("Transpose", "t", "u", perm=[0, 2, 1]),
            node("Add", "x u", "y")], {"x": x},
           {"y": x + 1 / (1 + np.exp(-a * b))}, init={"a": a, "b": b})


def empty_lists_of_dimensions():
    nodes = [constant(np.zeros(0, np.int64), "none"), constant(i64(6, 20), "s"),
             node("Concat", "none s none", "to", axis=0),
             node("Reshape", "x to", "y")]
    expect(nodes, {"x": x}, {"y": x.reshape(6, 20)}, what="empty lists")


def a_constant_shared_by_several_nodes():
    expect([node("Add", "x c", "a"), node("Mul", "a c", "y")], {"x": x},
           {"y": (x + numbers(5)) * numbers(5)}, init={"c": numbers(5)})


for test in list(globals().values()):
    if callable(test) and getattr(test, "__module__", "") == "__main__" and \
            test is not constant:
        test()
finish()
