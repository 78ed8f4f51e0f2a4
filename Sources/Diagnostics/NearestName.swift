// SPDX-License-Identifier: AGPL-3.0-or-later

/// "Did you mean": the known name nearest to a mistyped one.
public enum NearestName {
    /// Longer words than any name of a site are not slips; the bound also keeps the table small.
    static let longest = 64

    /// The candidate with the fewest single-letter edits, whatever the case, if few enough to be a slip: one for up to
    /// four letters, two for up to eight, else three. Of equally near ones the first by name, so that the answer does
    /// not change from run to run.
    public static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let wanted = letters(of: word)
        guard wanted.count <= longest else { return nil }
        let allowed = wanted.count <= 4 ? 1 : wanted.count <= 8 ? 2 : 3
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let other = letters(of: candidate)
            guard other.count <= longest, abs(other.count - wanted.count) <= allowed else { continue }
            let distance = distance(wanted, other)
            guard distance <= allowed else { continue }
            if let found = best, (found.distance, found.name) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.name
    }

    private static func letters(of word: String) -> [Unicode.Scalar] {
        Array(word.lowercased().unicodeScalars.prefix(longest + 1))
    }

    /// Insertions, deletions, changes, and swaps of neighbours (optimal string alignment).
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
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
