#pragma once
#include <curl/curl.h>

// Swift can't call variadic functions, and curl_easy_setopt, curl_easy_getinfo and
// curl_multi_setopt are macros as well: the parentheses keep the macro from expanding.

static inline CURLcode kiln_set_long(CURL *easy, CURLoption option, long value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode kiln_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return (curl_easy_setopt)(easy, option, value);
}

// libcurl copies the text.
static inline CURLcode kiln_set_text(CURL *easy, CURLoption option, const char *value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode kiln_set_pointer(CURL *easy, CURLoption option, void *value) {
  return (curl_easy_setopt)(easy, option, value);
}

// libcurl keeps the list: it must live until the transfer is over.
static inline CURLcode kiln_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode kiln_set_callback(CURL *easy, CURLoption option,
                                         curl_write_callback value) {
  return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode kiln_get_long(CURL *easy, CURLINFO info, long *value) {
  return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLcode kiln_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return (curl_easy_getinfo)(easy, info, value);
}

// The text belongs to the handle, until its next transfer.
static inline CURLcode kiln_get_text(CURL *easy, CURLINFO info, const char **value) {
  return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLMcode kiln_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return (curl_multi_setopt)(multi, option, value);
}

// 1 and the result of the transfer, once it is over; else 0.
static inline int kiln_multi_result(CURLM *multi, CURLcode *result) {
  int left = 0;
  CURLMsg *message = curl_multi_info_read(multi, &left);
  if (message == NULL || message->msg != CURLMSG_DONE) return 0;
  *result = message->data.result;
  return 1;
}
