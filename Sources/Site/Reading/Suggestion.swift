// SPDX-License-Identifier: AGPL-3.0-or-later

/// "Did you mean": the candidate nearest to a mistyped word.
enum Suggestion {
    /// The candidate with the fewest single-letter edits (insert, delete, replace, swap of neighbours), if few
    /// enough to be a slip: one for up to four letters, two for up to eight, else three. Ties: the first candidate.
    static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        // Longer words than any name of a site are not slips; the bound also keeps the table small.
        guard word.count <= 64 else { return nil }
        let allowed = word.count <= 4 ? 1 : word.count <= 8 ? 2 : 3
        var best: (distance: Int, word: String)?
        for candidate in candidates where candidate.count <= 64 {
            let distance = distance(Array(word.lowercased()), Array(candidate.lowercased()))
            if distance <= allowed, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.word
    }

    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            row.reserveCapacity(b.count + 1)
            for j in 0..<b.count {
                var least = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, beforeLast[j - 1] + 1) }
                row.append(least)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
