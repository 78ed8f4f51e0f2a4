// SPDX-License-Identifier: AGPL-3.0-or-later
// One-shot digests over libcrypto. Only SIPStack imports this.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { COPENSSL_MD5 = 0, COPENSSL_SHA256 = 1 };

// Writes the digest of `length` bytes to `out` (room for 32) and returns its length, 0 when the
// library refuses the algorithm (a FIPS provider without MD5).
size_t copenssl_digest(int algorithm, const uint8_t *_Nullable bytes, size_t length, uint8_t *_Nonnull out);

// HMAC-SHA-256 into `out` (32 bytes); returns 32, or 0 on failure.
size_t copenssl_hmac_sha256(
    const uint8_t *_Nullable key, size_t key_length, const uint8_t *_Nullable bytes, size_t length,
    uint8_t *_Nonnull out);
