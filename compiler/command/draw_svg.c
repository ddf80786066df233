/*
 * draw_svg.c - a laid out drawing as SVG.
 */
#include "command/draw.h"

#define LINE  16.0 /* as in draw_layout.c */
#define FIRST 19.0 /* from a box's top to the base of its title */
#define ARROW 7.0

/* By kind: what fills a box, and what surrounds it. */
static const struct {
    const char *fill, *line;
} colours[] = {
    [BOX_POINT] = { "none", "none" },
    [BOX_PORT] = { "#ffffff", "#333333" },
    [BOX_SUM] = { "#dbe9fb", "#3b6fb6" },
    [BOX_POOL] = { "#dff3e0", "#3f8f4a" },
    [BOX_JOIN] = { "#fdeacb", "#c07a16" },
    [BOX_OTHER] = { "#efeff2", "#77778a" },
};

static void add_escaped(Text *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<': text_add(out, "&lt;"); break;
        case '>': text_add(out, "&gt;"); break;
        case '&': text_add(out, "&amp;"); break;
        case '"': text_add(out, "&quot;"); break;
        default:
            /* Control characters are not allowed in XML at all. */
            text_char(out, (unsigned char)*text < 0x20 ? ' ' : *text);
        }
    }
}

static void print_box(Text *out, const Box *box)
{
    if (box->kind == BOX_POINT)
        return;
    text_printf(out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                "rx=\"%s\" fill=\"%s\" stroke=\"%s\"/>\n",
                box->x - box->width / 2, box->y, box->width, box->height,
                box->kind == BOX_PORT ? "14" : "5", colours[box->kind].fill,
                colours[box->kind].line);
    for (int i = 0; i < box->lines.count; i++) {
        text_printf(out, "<text x=\"%.1f\" y=\"%.1f\"%s>", box->x,
                    box->y + FIRST + i * LINE,
                    i ? "" : " font-weight=\"bold\"");
        add_escaped(out, box->lines.at[i]);
        text_add(out, "</text>\n");
    }
}

/* Down from (x, y) to (to_x, to_y), upright at both ends. */
static void add_curve(Text *out, double x, double y, double to_x, double to_y)
{
    double middle = (y + to_y) / 2;

    text_printf(out, " C %.1f %.1f %.1f %.1f %.1f %.1f", x, middle, to_x,
                middle, to_x, to_y);
}

static void print_arrow(Text *out, const Drawing *d, const Arrow *arrow)
{
    const Box *at = &d->boxes.at[arrow->from], *to = &d->boxes.at[arrow->to];

    text_printf(out, "<path d=\"M %.1f %.1f", at->x, at->y + at->height);
    for (int i = 0; i < arrow->by.count; i++) {
        const Box *point = &d->boxes.at[arrow->by.at[i]];
        add_curve(out, at->x, at->y + at->height, point->x, point->y);
        text_printf(out, " V %.1f", point->y + point->height);
        at = point;
    }
    add_curve(out, at->x, at->y + at->height, to->x, to->y - ARROW);
    text_add(out, "\" marker-end=\"url(#end)\"/>\n");
}

void draw_svg(Text *out, const Drawing *d)
{
    text_printf(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
                "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n<title>",
                d->width, d->height, d->width, d->height);
    add_escaped(out, d->title);
    text_printf(out,
                "</title>\n<defs><marker id=\"end\" markerWidth=\"%.0f\" "
                "markerHeight=\"8\" refX=\"0\" refY=\"4\" orient=\"auto\" "
                "markerUnits=\"userSpaceOnUse\">"
                "<path d=\"M 0 0 L %.0f 4 L 0 8 z\" fill=\"#555555\"/>"
                "</marker></defs>\n"
                "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
                "<g fill=\"none\" stroke=\"#555555\" stroke-width=\"1.3\">\n",
                ARROW, ARROW);
    for (int i = 0; i < d->arrows.count; i++)
        print_arrow(out, d, &d->arrows.at[i]);
    text_add(out, "</g>\n<g font-family=\"Helvetica, Arial, sans-serif\" "
                  "font-size=\"12\" text-anchor=\"middle\" fill=\"#111111\" "
                  "stroke-width=\"1.2\">\n");
    for (int i = 0; i < d->boxes.count; i++)
        print_box(out, &d->boxes.at[i]);
    text_add(out, "</g>\n</svg>\n");
}
