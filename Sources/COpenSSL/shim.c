// SPDX-License-Identifier: AGPL-3.0-or-later
#include "COpenSSL.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

// Fetched once: EVP_md5() and EVP_sha256() look their implementation up anew for every digest, under a lock and by
// name, which costs more than the digest.
static EVP_MD *md5;
static EVP_MD *sha256;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void) {
    md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
}

static EVP_MD *digest(int algorithm) {
    if (pthread_once(&fetched, fetch) != 0) return NULL;
    return algorithm == COPENSSL_SHA256 ? sha256 : md5;
}

size_t copenssl_digest(int algorithm, const uint8_t *bytes, size_t length, uint8_t *out) {
    const EVP_MD *md = digest(algorithm);
    unsigned int written = 0;
    if (md == NULL || EVP_Digest(bytes, length, out, &written, md, NULL) != 1) return 0;
    return written;
}

// One of the two hashes of an HMAC (RFC 2104 §2): of the padded key, then of `bytes`.
static int keyed_pass(
    EVP_MD_CTX *context, const uint8_t *padded, const uint8_t *bytes, size_t length, uint8_t *out) {
    unsigned int written = 0;
    return EVP_DigestInit_ex2(context, sha256, NULL) == 1 && EVP_DigestUpdate(context, padded, 64) == 1
        && EVP_DigestUpdate(context, bytes, length) == 1 && EVP_DigestFinal_ex(context, out, &written) == 1
        && written == 32;
}

size_t copenssl_hmac_sha256(
    const uint8_t *key, size_t key_length, const uint8_t *bytes, size_t length, uint8_t *out) {
    uint8_t inner[64] = {0}, outer[64], hash[32];
    // A key longer than a block counts by its hash.
    if (digest(COPENSSL_SHA256) == NULL) return 0;
    if (key_length > 64) {
        if (copenssl_digest(COPENSSL_SHA256, key, key_length, inner) != 32) return 0;
    } else if (key_length > 0) {
        memcpy(inner, key, key_length);
    }
    for (int index = 0; index < 64; index++) {
        outer[index] = inner[index] ^ 0x5c;
        inner[index] ^= 0x36;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int is_done = context != NULL && keyed_pass(context, inner, bytes, length, hash)
        && keyed_pass(context, outer, hash, sizeof hash, out);
    EVP_MD_CTX_free(context);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
    return is_done ? 32 : 0;
}
