// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where something stands in the files of a site. Lines and columns count from 1; a column counts
/// Unicode scalars, as editors do.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int

    public init(file: String, line: Int, column: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}
