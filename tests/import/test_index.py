"""What depends on where an element stands: Trilu, EyeLike, OneHot, windows."""
from models import expect, finish, i64, node, np, numbers, refuse


def triangles():
    for x in (numbers(4, 5), numbers(2, 3, 5, 4), i64(*range(12)).reshape(3, 4)):
        for k in (None, 0, 2, -1, 9, -9):
            for upper in (0, 1):
                want = (np.triu if upper else np.tril)(x, k or 0)
                given = {} if k is None else {"k": np.array(k, np.int64)}
                expect([node("Trilu", "x k" if given else "x", "y",
                             upper=upper)], {"x": x}, {"y": want}, init=given,
                       opset=14, what="Trilu k=%s upper=%d of %s" % (
                           k, upper, x.shape))
    x, k = numbers(3, 4), np.array(-1, np.int64)
    expect([node("Trilu", "x k", "y")], {"x": x, "k": k}, {"y": np.triu(x, -1)},
           opset=14, what="Trilu from a diagonal at run time")
    expect([node("Trilu", "c", "t"), node("Add", "x t", "y")], {"x": x},
           {"y": x + np.triu(x)}, init={"c": x}, opset=14)
    empty = np.zeros((3, 0), np.float32)
    expect([node("Trilu", "x k", "y")], {"x": empty}, {"y": empty},
           init={"k": k}, opset=14)
    refuse([node("Trilu", "x", "y")], {"x": numbers(3)}, ["y"], "'Trilu'",
           opset=14)
    refuse([node("Trilu", "x k", "y")], {"x": x, "k": k}, ["y"], "'Trilu'",
           "large", opset=14, shapes={"x": [40000, 40000]})
    refuse([node("Trilu", "x", "y")], {"x": x}, ["y"], "'Trilu'", opset=14,
           shapes={"x": [1, 40000000]})


def identities():
    x = numbers(3, 5)
    for k in (0, 1, -2, 7):
        expect([node("EyeLike", "x", "e", k=k), node("Mul", "x e", "y")],
               {"x": x}, {"y": x * np.eye(3, 5, k, np.float32)})
    expect([node("EyeLike", "x", "y", dtype=6)], {"x": x},
           {"y": np.eye(3, 5, dtype=np.int32)})
    refuse([node("EyeLike", "x", "y")], {"x": numbers(3)}, ["y"], "'EyeLike'")
    refuse([node("EyeLike", "x", "y", dtype=8)], {"x": x}, ["y"], "'EyeLike'")


def one_of_many():
    index, values = i64(1, -1, 0, 7, -5, 3).reshape(2, 3), numbers(2)
    at = np.where(index < 0, index + 4, index)[..., None] == np.arange(4)
    want = np.where(at, values[1], values[0])
    init = {"d": np.array(4, np.int64), "v": values}
    for axis in (-1, 0, 1, 2, -2):
        expect([node("OneHot", "x d v", "y", axis=axis)], {"x": index},
               {"y": np.moveaxis(want, 2, axis)}, init=init)
    expect([node("OneHot", "x d v", "y")],
           {"x": index.astype(np.float32), "v": values}, {"y": want},
           init={"d": np.array([4], np.float32)}, what="OneHot of floats")
    for dtype in (np.int8, np.uint8, np.int32):
        small = np.array([[1, 3, 0], [2, 9, 3], [0, 0, 1]], dtype)
        want = np.where(small[:, None, :] == np.arange(10)[:, None], values[1],
                        values[0])
        expect([node("OneHot", "x d v", "y", axis=1)],
               {"x": small, "v": values}, {"y": want},
               init={"d": np.array(10, np.int64)},
               flags=("-O2", "--target=native"),
               what="OneHot of %s" % dtype.__name__)
    expect([node("OneHot", "x d v", "y")], {"x": index},
           {"y": np.where(at, 5, 3).astype(np.int64)},
           init=dict(init, v=i64(3, 5)))
    for more in ({"d": np.array(0, np.int64)}, {"v": numbers(3)},
                 {"d": np.array(1 << 40, np.int64)}):
        refuse([node("OneHot", "x d v", "y")], {"x": index}, ["y"], "'OneHot'",
               init=dict(init, **more))


def windows():
    x = numbers(10)
    for op, a, b, c in (("Hann", 0.5, 0.5, 0), ("Blackman", 0.42, 0.5, 0.08),
                        ("Hamming", 25 / 46, 21 / 46, 0)):
        for periodic in (0, 1):
            t = 2 * np.pi * np.arange(10) / (10 if periodic else 9)
            want = x * (a - b * np.cos(t) + c * np.cos(2 * t))
            expect([node(op + "Window", "n", "w", periodic=periodic),
                    node("Mul", "x w", "y")], {"x": x},
                   {"y": want.astype(np.float32)},
                   init={"n": np.array(10, np.int32)}, opset=17, tolerance=1e-6)
        for n in (-1, 0, 1 << 40):
            refuse([node(op + "Window", "n", "y")], {}, ["y"], op,
                   init={"n": np.array(n, np.int64)}, opset=17)


for test in (triangles, identities, one_of_many, windows):
    test()
finish()
