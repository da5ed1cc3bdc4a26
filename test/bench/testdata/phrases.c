/* The peer of BenchmarkPhrases: Vectorscan looks for phrases, whatever their case, in
 * messages, one call a message, and counts the hits that end and begin at word borders.
 * phrases PHRASES TEXT ROUNDS; both files hold one a line. Prints one JSON object. */
#define _GNU_SOURCE
#include <ctype.h>
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static char *slurp(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  if (!f) exit(1);
  fseek(f, 0, SEEK_END);
  *size = ftell(f);
  rewind(f);
  char *b = malloc(*size + 1);
  if (fread(b, 1, *size, f) != *size) exit(1);
  b[*size] = 0;
  fclose(f);
  return b;
}

struct message { const char *at; size_t size; };
static size_t *lengths;
static long bounded;

static int hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
  const struct message *m = context;
  size_t start = to - lengths[id];
  (void)from; (void)flags;
  if (start > 0 && isalnum((unsigned char)m->at[start - 1])) return 0;
  if (to < m->size && isalnum((unsigned char)m->at[to])) return 0;
  bounded++;
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 4) return 1;
  size_t size, n = 0;
  char *list = slurp(argv[1], &size);
  for (size_t i = 0; i < size; i++) n += list[i] == '\n';
  const char **phrases = malloc(n * sizeof *phrases);
  unsigned *flags = malloc(n * sizeof *flags), *ids = malloc(n * sizeof *ids);
  lengths = malloc(n * sizeof *lengths);
  char *line = list;
  for (size_t i = 0; i < n; i++) {
    char *end = strchr(line, '\n');
    *end = 0;
    phrases[i] = line; lengths[i] = end - line; ids[i] = i;
    flags[i] = HS_FLAG_CASELESS;
    line = end + 1;
  }
  hs_database_t *db; hs_compile_error_t *err;
  double began = now();
  if (hs_compile_lit_multi(phrases, flags, ids, lengths, n, HS_MODE_BLOCK, NULL, &db, &err) != HS_SUCCESS) return 2;
  double built = now() - began;
  size_t bytes;
  hs_database_size(db, &bytes);
  hs_scratch_t *scratch = NULL;
  if (hs_alloc_scratch(db, &scratch) != HS_SUCCESS) return 3;
  char *text = slurp(argv[2], &size);
  int rounds = atoi(argv[3]);
  double best = 1e9;
  for (int r = 0; r < rounds; r++) {
    bounded = 0;
    began = now();
    for (char *p = text; p < text + size;) {
      char *end = memchr(p, '\n', text + size - p);
      if (!end) end = text + size;
      struct message m = {p, end - p};
      hs_scan(db, p, m.size, 0, scratch, hit, &m);
      p = end + 1;
    }
    double took = now() - began;
    if (took < best) best = took;
  }
  printf("{\"build_s\": %f, \"bytes\": %zu, \"scan_s\": %f, \"found\": %ld}\n", built, bytes, best, bounded);
  return 0;
}
