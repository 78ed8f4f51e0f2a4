// SPDX-License-Identifier: AGPL-3.0-or-later
#include "COpenSSL.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

size_t copenssl_digest(int algorithm, const uint8_t *bytes, size_t length, uint8_t *out) {
    const EVP_MD *md = algorithm == COPENSSL_SHA256 ? EVP_sha256() : EVP_md5();
    unsigned int written = 0;
    if (md == NULL || EVP_Digest(bytes, length, out, &written, md, NULL) != 1) return 0;
    return written;
}

size_t copenssl_hmac_sha256(
    const uint8_t *key, size_t key_length, const uint8_t *bytes, size_t length, uint8_t *out) {
    unsigned int written = 0;
    if (key_length > INT_MAX) return 0;
    if (HMAC(EVP_sha256(), key, (int)key_length, bytes, length, out, &written) == NULL) return 0;
    return written;
}
