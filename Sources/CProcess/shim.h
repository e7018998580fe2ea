#pragma once
#include <spawn.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>

// The C library declares these for other feature macros than Swift's Glibc module is built with.
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
long syscall(long number, ...);

/// A descriptor of a process, which stands for that process even when its number is used again;
/// readable when it has ended. Linux 5.3.
static inline int process_open(pid_t pid) {
  return (int)syscall(SYS_pidfd_open, pid, 0);
}

/// Sends a signal to the process of a descriptor.
static inline int process_signal(int descriptor, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}
