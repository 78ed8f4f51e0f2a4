// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel

/// Something to be played: from memory, or while it is read.
public enum Sound: Sendable {
    case clip(AudioClip)
    /// Played once; whoever does not play it after all lets it go or calls `cancel`.
    case stream(AudioStream)
}
