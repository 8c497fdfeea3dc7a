#define _GNU_SOURCE
#include "mappings.h"

#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define MAPPINGS 256

static struct {
  atomic_uintptr_t start;
  size_t count;
  char path[PATH_MAX];
} mappings[MAPPINGS];

static int exit_status;
static void (*clean_up_first)(void);

int remember_mapping(const void *start, size_t count, const char *path) {
  for (int number = 0; number < MAPPINGS; number++) {
    uintptr_t none = 0;
    // Reserved with an address that no file is mapped at, until the rest is written.
    if (!atomic_compare_exchange_strong(&mappings[number].start, &none, 1)) continue;
    mappings[number].count = count;
    size_t length = strlen(path);
    if (length >= PATH_MAX) length = PATH_MAX - 1;
    for (size_t index = 0; index < length; index++) {
      unsigned char byte = (unsigned char)path[index];
      // A handler cannot escape what a terminal would interpret.
      mappings[number].path[index] = byte < 0x20 || byte >= 0x7F ? '?' : (char)byte;
    }
    mappings[number].path[length] = 0;
    atomic_store(&mappings[number].start, (uintptr_t)start);
    return number;
  }
  return -1;
}

void forget_mapping(int number) {
  if (number >= 0) atomic_store(&mappings[number].start, 0);
}

static void say(const char *text) {
  ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written;
}

static void handle(int number, siginfo_t *info, void *context) {
  (void)context;
  uintptr_t address = (uintptr_t)info->si_addr;
  const char *path = "a mapped file";
  for (int index = 0; index < MAPPINGS; index++) {
    uintptr_t start = atomic_load(&mappings[index].start);
    if (start > 1 && address >= start && address - start < mappings[index].count) path = mappings[index].path;
  }
  if (info->si_code != BUS_ADRERR) {
    // No end of a file: whatever it is ends the process as it would have.
    signal(number, SIG_DFL);
    return;
  }
  if (clean_up_first) clean_up_first();
  say("deq: ");
  say(path);
  say(": cannot be read: it became shorter while it was in use\n");
  _exit(exit_status);
}

void exit_on_shrunken_file(int status, void (*clean_up)(void)) {
  exit_status = status;
  clean_up_first = clean_up;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, NULL);
}
