// SPDX-License-Identifier: AGPL-3.0-or-later
// libspeexdsp's resampler. Only Audio imports this.
#pragma once
#include <speex/speex_resampler.h>
