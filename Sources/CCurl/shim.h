#pragma once
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

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

// A body that is handed over as it is sent. Without a way to begin again, libcurl does not send a
// request a second time when a connection that it uses again breaks before the answer.
struct kiln_body {
  const char *bytes;
  size_t left;
};

static inline size_t kiln_read_body(char *buffer, size_t size, size_t count, void *data) {
  struct kiln_body *body = data;
  size_t room = size * count;
  size_t part = body->left < room ? body->left : room;
  memcpy(buffer, body->bytes, part);
  body->bytes += part;
  body->left -= part;
  return part;
}

// The body must live until the transfer is over.
static inline CURLcode kiln_set_body(CURL *easy, struct kiln_body *body) {
  CURLcode code = (curl_easy_setopt)(easy, CURLOPT_READFUNCTION, kiln_read_body);
  return code != CURLE_OK ? code : (curl_easy_setopt)(easy, CURLOPT_READDATA, body);
}

// The hash of the one certificate that is believed: SHA-1 (20 bytes) or SHA-256 (32).
struct kiln_pin {
  unsigned char digest[32];
  unsigned int length;
};

static inline int kiln_verify_pin(X509_STORE_CTX *store, void *data) {
  const struct kiln_pin *pin = data;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  X509 *certificate = X509_STORE_CTX_get0_cert(store);
  const EVP_MD *hash = pin->length == 20 ? EVP_sha1() : EVP_sha256();
  if (certificate != NULL && X509_digest(certificate, hash, digest, &length) == 1 &&
      length == pin->length && CRYPTO_memcmp(digest, pin->digest, length) == 0)
    return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

static inline CURLcode kiln_pin_context(CURL *easy, void *context, void *pin) {
  (void)easy;
  SSL_CTX_set_cert_verify_callback(context, kiln_verify_pin, pin);
  return CURLE_OK;
}

// Checks the certificate during the handshake, before anything is sent. The pin must live as long
// as the handle's connections.
static inline CURLcode kiln_set_pin(CURL *easy, struct kiln_pin *pin) {
  CURLcode code = (curl_easy_setopt)(easy, CURLOPT_SSL_CTX_FUNCTION, kiln_pin_context);
  return code != CURLE_OK ? code : (curl_easy_setopt)(easy, CURLOPT_SSL_CTX_DATA, pin);
}

// The server's own certificate in PEM form, where the last transfer made a TLS connection; else
// NULL. The text belongs to the handle, until its next transfer.
static inline const char *kiln_get_certificate(CURL *easy) {
  struct curl_certinfo *chain = NULL;
  if ((curl_easy_getinfo)(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
      chain->num_of_certs < 1)
    return NULL;
  for (struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next)
    if (strncmp(line->data, "Cert:", 5) == 0) return line->data + 5;
  return NULL;
}
