// SPDX-License-Identifier: AGPL-3.0-or-later

/// Destinations rung together, as Dial has them: `Seat/8001&Trunk/gateway/138`.
public struct DestinationList: Hashable, Sendable, CustomStringConvertible {
    public static let limit = 32

    /// At least one, at most ``limit``.
    public let destinations: [Destination]

    public init(parsing text: String) throws(DestinationError) {
        let pieces = DestinationList.pieces(of: text)
        guard pieces.count <= DestinationList.limit else { throw .tooMany }
        var destinations: [Destination] = []
        for piece in pieces { destinations.append(try Destination(parsing: piece)) }
        self.destinations = destinations
    }

    init(_ destinations: [Destination]) { self.destinations = destinations }

    /// The texts between the `&`s, empty ones too; at least one.
    public static func pieces(of text: String) -> [Substring] {
        text.split(separator: "&", omittingEmptySubsequences: false)
    }

    public var description: String { destinations.map(\.description).joined(separator: "&") }
}
