// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Timing

/// The files of one round of a class, each once. A value without I/O.
struct Playlist: Sendable {
    private let order: MusicOrder
    private var left: ArraySlice<String> = []
    private var last: String?

    init(order: MusicOrder) { self.order = order }

    /// Begins a round with the files there are now. A shuffled one does not begin with the file heard last.
    mutating func begin(_ files: [String], using entropy: inout Entropy) {
        switch order {
        case .inOrder: left = files[...]
        case .shuffled:
            var files = files.shuffled(using: &entropy)
            if files.count > 1, files[0] == last { files.swapAt(0, Int(entropy.next() % UInt64(files.count - 1)) + 1) }
            left = files[...]
        }
    }

    /// Makes a file of this round the next; those before it in order are left out of the round. False when it has no
    /// such file.
    mutating func go(to file: String) -> Bool {
        guard let index = left.firstIndex(of: file) else { return false }
        switch order {
        case .inOrder: left = left[index...]
        case .shuffled: left.swapAt(left.startIndex, index)
        }
        return true
    }

    /// The next file; nil when the round is over.
    mutating func next() -> String? {
        guard let file = left.popFirst() else { return nil }
        last = file
        return file
    }
}
