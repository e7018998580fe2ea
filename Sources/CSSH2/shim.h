#pragma once
#include <errno.h>
#include <libssh2.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/types.h>

typedef ssize_t kiln_ssh_send(
    libssh2_socket_t socket, const void *bytes, size_t count, int flags, void **abstract);
typedef ssize_t kiln_ssh_recv(
    libssh2_socket_t socket, void *bytes, size_t count, int flags, void **abstract);
typedef void kiln_ssh_disconnected(
    LIBSSH2_SESSION *session, int reason, const char *message, int message_len,
    const char *language, int language_len, void **abstract);

/* libssh2 takes callbacks as `void *`, which Swift cannot make of a function. */
static inline void kiln_ssh_set_callbacks(
    LIBSSH2_SESSION *session, kiln_ssh_send *send, kiln_ssh_recv *recv,
    kiln_ssh_disconnected *disconnected) {
  libssh2_session_callback_set(session, LIBSSH2_CALLBACK_SEND, (void *)send);
  libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, (void *)recv);
  libssh2_session_callback_set(session, LIBSSH2_CALLBACK_DISCONNECT, (void *)disconnected);
}

enum { KILN_SSH_NO_EXIT_STATUS = -0x7fffffff - 1 };

/*
 * libssh2 reports exit status 0 both for "the server said 0" and for "the server said nothing":
 * the field starts as 0 and there is no flag beside it. A dropped command would read as success.
 * So the field is found by writing a value at each place of the channel's own memory until the
 * library's getter returns it, and is left with a value that no server's answer is taken for.
 * Returns 0, or -1 when the field was not found (then no exit status can be trusted).
 */
static inline int kiln_ssh_forget_exit_status(LIBSSH2_CHANNEL *channel) {
  char *memory = (char *)channel;
  size_t size = malloc_usable_size(channel);
  int first = KILN_SSH_NO_EXIT_STATUS, second = 0x5ca1ab1e;
  for (size_t place = 0; place + sizeof(int) <= size; place += sizeof(int)) {
    int saved;
    memcpy(&saved, memory + place, sizeof(int));
    if (saved != libssh2_channel_get_exit_status(channel)) continue;
    memcpy(memory + place, &second, sizeof(int));
    int found = libssh2_channel_get_exit_status(channel) == second;
    memcpy(memory + place, found ? &first : &saved, sizeof(int));
    if (found) return libssh2_channel_get_exit_status(channel) == first ? 0 : -1;
  }
  return -1;
}
