// SPDX-License-Identifier: AGPL-3.0-or-later

/// What a stream is filled from. Made and used on the reader's thread alone.
protocol StreamSource: AnyObject {
    /// Appends about `wanted` samples of 8 kHz: more when they come in pieces, fewer when they are hard to come by.
    /// False at the end, after which it is not asked again.
    func fill(_ out: inout [Int16], wanted: Int) -> Bool
}

/// What is to be streamed, as it is handed to the reader's thread.
enum StreamContent: Sendable {
    /// One file, once.
    case file(path: String, below: [String], from: Duration)
    /// File after file, without end.
    case music(MusicPlan, MusicProgress)
}
