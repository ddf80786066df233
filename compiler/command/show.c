/*
 * show.c - tables and numbers for people.
 *
 *     layer   output        parameters      MACs
 *     conv1   [28, 28, 6]          156   117,600
 */
#include "command/local.h"

#include "import/onnx.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP "  "

Table table_new(Arena *arena, const char *align)
{
    return (
        Table){ .arena = arena, .columns = (int)strlen(align), .align = align };
}

void table_cell(Table *table, const char *format, ...)
{
    va_list list;
    Text text = { 0 };

    va_start(list, format);
    text_vprintf(&text, format, list);
    va_end(list);
    vec_push(&table->cells, text_take(&text, table->arena));
}

/* A row whose first cell is NULL. */
void table_rule(Table *table)
{
    for (int i = 0; i < table->columns; i++)
        vec_push(&table->cells, NULL);
}

/* Characters, not bytes. */
static int width_of(const char *cell)
{
    int width = 0;

    for (; cell && *cell; cell++)
        width += ((unsigned char)*cell & 0xc0) != 0x80;
    return width;
}

static void print_rule(Text *out, const int *width, int columns, int most)
{
    int all = 0;

    for (int i = 0; i < columns; i++)
        all += width[i] + (i ? (int)strlen(GAP) : 0);
    all = most && all > most ? most : all;
    while (all-- > 0)
        text_char(out, '-');
    text_char(out, '\n');
}

/* Where the output is a terminal, its width; else 0: as wide as it gets. */
static int terminal_width(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

/* Ends the line that begins at `start` before the terminal's edge. */
static void cut_line(Text *out, size_t start, int width)
{
    if (width <= 3 || width_of(out->data + start) <= width)
        return;
    for (size_t i = start, at = 0; i < out->length; i++) {
        at += ((unsigned char)out->data[i] & 0xc0) != 0x80;
        if (at > (size_t)width - 3) {
            out->length = i;
            out->data[i] = '\0';
        }
    }
    text_add(out, "...");
}

static void print_row(Text *out, const Table *table, const int *width,
                      const char *const *cell, int most)
{
    size_t start = out->length;

    for (int i = 0; i < table->columns; i++) {
        int space = width[i] - width_of(cell[i]);
        bool right = table->align[i] == 'r';
        text_printf(out, "%s%*s%s%*s", i ? GAP : "", right ? space : 0, "",
                    cell[i], right ? 0 : space, "");
    }
    while (out->length > start && out->data[out->length - 1] == ' ')
        out->data[--out->length] = '\0';
    cut_line(out, start, most);
    text_char(out, '\n');
}

void table_print(Text *out, const Table *table)
{
    int *width = NEW_N(table->arena, int, table->columns);
    int most = table->cut ? terminal_width() : 0;

    for (int i = 0; i < table->cells.count; i++) {
        int wide = width_of(table->cells.at[i]);
        if (wide > width[i % table->columns])
            width[i % table->columns] = wide;
    }
    for (int i = 0; i + table->columns <= table->cells.count;
         i += table->columns) {
        if (table->cells.at[i])
            print_row(out, table, width, &table->cells.at[i], most);
        else
            print_rule(out, width, table->columns, most);
    }
}

void table_free(Table *table)
{
    vec_free(&table->cells);
}

const char *show_count(Arena *arena, int64_t count)
{
    Text text = { 0 };

    if (count)
        text_thousands(&text, count);
    return text_take(&text, arena);
}

const char *show_bytes(Arena *arena, int64_t bytes)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
    double value = (double)bytes / 1024;
    int unit = 0;

    if (bytes < 1024)
        return arena_printf(arena, "%d B", (int)bytes);
    for (; value >= 1023.5 && unit < 3; unit++)
        value /= 1024;
    return arena_printf(arena, "%.*f %s",
                        value < 9.995   ? 2
                        : value < 99.95 ? 1
                                        : 0,
                        value, units[unit]);
}

const char *show_port(const char *name, const char *title)
{
    return title ? onnx_show(title) : name;
}
