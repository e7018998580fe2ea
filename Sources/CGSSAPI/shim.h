#pragma once
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

// Object identifiers, masks and the structures that hold them are macros and pointers into static
// memory, which Swift can't take as they are.

enum kiln_gss_mechanism { kiln_gss_ntlm, kiln_gss_spnego };
enum kiln_gss_name_kind { kiln_gss_user, kiln_gss_service };

static gss_OID_desc kiln_gss_ntlm_oid = {10, (void *)"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"};
static gss_OID_desc kiln_gss_spnego_oid = {6, (void *)"\x2b\x06\x01\x05\x05\x02"};

static inline int kiln_gss_failed(OM_uint32 status) { return GSS_ERROR(status) != 0; }

static inline int kiln_gss_unfinished(OM_uint32 status) {
  return (status & GSS_S_CONTINUE_NEEDED) != 0;
}

static inline gss_buffer_desc kiln_gss_buffer(const void *bytes, size_t length) {
  gss_buffer_desc buffer = {length, (void *)bytes};
  return buffer;
}

static inline OM_uint32 kiln_gss_import(OM_uint32 *minor, const void *text, size_t length,
                                        enum kiln_gss_name_kind kind, gss_name_t *name) {
  gss_buffer_desc buffer = kiln_gss_buffer(text, length);
  return gss_import_name(minor, &buffer,
                         kind == kiln_gss_user ? GSS_C_NT_USER_NAME : GSS_C_NT_HOSTBASED_SERVICE,
                         name);
}

// A credential that is used for NTLM alone: no Kerberos server is ever asked.
static inline OM_uint32 kiln_gss_acquire(OM_uint32 *minor, gss_name_t name, const void *password,
                                         size_t length, enum kiln_gss_mechanism mechanism,
                                         gss_cred_id_t *credential) {
  gss_buffer_desc buffer = kiln_gss_buffer(password, length);
  gss_OID_set_desc ntlm = {1, &kiln_gss_ntlm_oid};
  gss_OID_set_desc asked = {
      1, mechanism == kiln_gss_ntlm ? &kiln_gss_ntlm_oid : &kiln_gss_spnego_oid};
  OM_uint32 status = gss_acquire_cred_with_password(
      minor, name, &buffer, GSS_C_INDEFINITE, &asked, GSS_C_INITIATE, credential, NULL, NULL);
  if (GSS_ERROR(status) || mechanism == kiln_gss_ntlm) return status;
  return gss_set_neg_mechs(minor, *credential, &ntlm);
}

// `binding` is the application data of the channel bindings (RFC 5929); length 0 for none.
static inline OM_uint32 kiln_gss_step(OM_uint32 *minor, gss_cred_id_t credential,
                                      gss_ctx_id_t *context, gss_name_t target,
                                      enum kiln_gss_mechanism mechanism, int sealed,
                                      const void *binding, size_t binding_length,
                                      const void *token, size_t token_length,
                                      gss_buffer_desc *answer) {
  struct gss_channel_bindings_struct bindings = {0};
  bindings.application_data = kiln_gss_buffer(binding, binding_length);
  gss_buffer_desc input = kiln_gss_buffer(token, token_length);
  OM_uint32 flags = sealed ? GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG | GSS_C_REPLAY_FLAG |
                                 GSS_C_SEQUENCE_FLAG
                           : 0;
  return gss_init_sec_context(
      minor, credential, context, target,
      mechanism == kiln_gss_ntlm ? &kiln_gss_ntlm_oid : &kiln_gss_spnego_oid, flags, 0,
      binding_length == 0 ? GSS_C_NO_CHANNEL_BINDINGS : &bindings,
      token_length == 0 ? GSS_C_NO_BUFFER : &input, NULL, answer, NULL, NULL);
}

static inline OM_uint32 kiln_gss_wrap(OM_uint32 *minor, gss_ctx_id_t context, const void *bytes,
                                      size_t length, gss_buffer_desc *sealed) {
  gss_buffer_desc input = kiln_gss_buffer(bytes, length);
  int encrypted = 0;
  OM_uint32 status = gss_wrap(minor, context, 1, GSS_C_QOP_DEFAULT, &input, &encrypted, sealed);
  return status == GSS_S_COMPLETE && !encrypted ? GSS_S_FAILURE : status;
}

static inline OM_uint32 kiln_gss_unwrap(OM_uint32 *minor, gss_ctx_id_t context, const void *bytes,
                                        size_t length, gss_buffer_desc *opened) {
  gss_buffer_desc input = kiln_gss_buffer(bytes, length);
  int encrypted = 0;
  OM_uint32 status = gss_unwrap(minor, context, &input, opened, &encrypted, NULL);
  return status == GSS_S_COMPLETE && !encrypted ? GSS_S_FAILURE : status;
}

// One sentence of a status, of GSSAPI itself or of the mechanism for NTLM.
static inline OM_uint32 kiln_gss_text(OM_uint32 status, int of_mechanism, gss_buffer_desc *text) {
  OM_uint32 minor = 0, more = 0;
  return gss_display_status(&minor, status, of_mechanism ? GSS_C_MECH_CODE : GSS_C_GSS_CODE,
                            of_mechanism ? &kiln_gss_ntlm_oid : GSS_C_NO_OID, &more, text);
}
