"""Channels that become pixels and the way back; LRN."""
from models import expect, finish, i64, node, np, numbers, refuse


def to_space(x, b, mode):
    n, c, h, w = x.shape
    if mode == "DCR":
        y = x.reshape(n, b, b, c // b // b, h, w).transpose(0, 3, 4, 1, 5, 2)
    else:
        y = x.reshape(n, c // b // b, b, b, h, w).transpose(0, 1, 4, 2, 5, 3)
    return y.reshape(n, c // b // b, h * b, w * b)


def to_depth(x, b):
    n, c, h, w = x.shape
    y = x.reshape(n, c, h // b, b, w // b, b).transpose(0, 3, 5, 1, 2, 4)
    return y.reshape(n, c * b * b, h // b, w // b)


def lrn(x, size, alpha=1e-4, beta=0.75, bias=1.0):
    c, squares = x.shape[1], np.zeros(x.shape)
    for d in range(c):
        low, high = max(0, d - (size - 1) // 2), min(c, d + size // 2 + 1)
        squares[:, d] = (x[:, low:high].astype(np.float64) ** 2).sum(1)
    return (x / (bias + alpha / size * squares) ** beta).astype(np.float32)


def depth_to_space():
    for b, shape in ((2, (1, 8, 2, 3)), (3, (2, 9, 1, 2)), (1, (1, 2, 2, 2))):
        x = numbers(*shape)
        for mode in ("DCR", "CRD"):
            expect([node("DepthToSpace", "x", "y", blocksize=b, mode=mode)],
                   {"x": x}, {"y": to_space(x, b, mode)},
                   what="%s in blocks of %d" % (mode, b))
        for opset in (9, 13):
            expect([node("DepthToSpace", "x", "y", blocksize=b)], {"x": x},
                   {"y": to_space(x, b, "DCR")}, opset=opset)


def space_to_depth():
    x = numbers(2, 3, 4, 6)
    expect([node("SpaceToDepth", "x", "y", blocksize=2)], {"x": x},
           {"y": to_depth(x, 2)})
    expect([node("SpaceToDepth", "x", "d", blocksize=2),
            node("DepthToSpace", "d", "y", blocksize=2)], {"x": x}, {"y": x})


def local_responses():
    x = numbers(2, 7, 3, 2)
    for size, how in ((3, {}), (4, {"alpha": 0.5, "bias": 2.0}),
                      (5, {"alpha": 1.0, "beta": 0.5}), (2, {"beta": 0.6}),
                      (1, {"alpha": 0.3}), (20, {"alpha": 2.0})):
        expect([node("LRN", "x", "y", size=size, **how)], {"x": x},
               {"y": lrn(x, size, **how)}, what="LRN of %d %s" % (size, how))
    for shape in ((3, 5), (1, 4, 6), (1, 4, 2, 2, 3)):
        x = numbers(*shape)
        expect([node("LRN", "x", "y", size=3, alpha=1.0)], {"x": x},
               {"y": lrn(x, 3, alpha=1.0)}, what="LRN of %s" % (shape,))


def refusals():
    x = numbers(1, 6, 3, 3)

    def no(op, *words, x=x, **how):
        refuse([node(op, "x", "y", **how)], {"x": x}, ["y"], op,
               *words)
    no("DepthToSpace", "6 channels", blocksize=2)
    no("DepthToSpace", "'blocksize'")
    no("DepthToSpace", "blocksize=0", blocksize=0)
    no("DepthToSpace", "blocksize=1099511627776", blocksize=1 << 40)
    no("DepthToSpace", "'RCD'", blocksize=1, mode="RCD")
    no("DepthToSpace", "[6, 4]", x=numbers(6, 4), blocksize=1)
    no("SpaceToDepth", "3x3", blocksize=2)
    no("SpaceToDepth", "'mode'", blocksize=3, mode="CRD")
    no("LRN", "'size'")
    no("LRN", "size=0", size=0)
    no("LRN", "[4]", x=numbers(4), size=1)
    no("LRN", "bias", size=1, bias=-1.0)
    refuse([node("DepthToSpace", "x", "y", blocksize=1)],
           {"x": i64(1, 2).reshape(1, 2, 1, 1)},
           {"y": i64(1, 2)}, "'DepthToSpace'", "int64")


for test in (depth_to_space, space_to_depth, local_responses, refusals):
    test()
finish()
