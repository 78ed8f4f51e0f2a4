// SPDX-License-Identifier: AGPL-3.0-or-later

/// What keeps a measurement from being made, in words.
struct LoadError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
