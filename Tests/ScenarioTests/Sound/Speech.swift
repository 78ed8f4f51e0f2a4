// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// A sentence spoken by espeak-ng, as a file for a phone to play and as samples to compare with.
struct Speech {
    /// The sentence alone.
    let wave: Wave
    /// The sentence after half a second, then silence for two minutes: a phone hangs up at the end of its file.
    let file: URL
    /// The sentence again and again for two minutes, without much of a pause.
    let loop: URL

    static func speak(_ words: String, voice: String = "en-us+f3", in folder: URL) async throws -> Speech {
        let name = "speech-\(UInt32.random(in: 0...99_999))"
        func path(_ suffix: String) -> String { folder.appending(path: name + suffix).path(percentEncoded: false) }
        _ = try await Child.run(
            "espeak-ng", ["-v", voice, "-s", "150", "-w", path("-raw.wav"), "--", words], in: folder)
        _ = try await Child.run(
            "sox", ["-D", path("-raw.wav"), "-r", "8000", "-c", "1", "-b", "16", path(".wav"), "gain", "-n", "-6"],
            in: folder)
        _ = try await Child.run("sox", ["-D", path(".wav"), path("-once.wav"), "pad", "0.5", "120"], in: folder)
        _ = try await Child.run("sox", ["-D", path(".wav"), path("-loop.wav"), "repeat", "40"], in: folder)
        return Speech(
            wave: try Wave(file: URL(filePath: path(".wav"))), file: URL(filePath: path("-once.wav")),
            loop: URL(filePath: path("-loop.wav")))
    }
}
