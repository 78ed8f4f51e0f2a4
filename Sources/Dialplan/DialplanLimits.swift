// SPDX-License-Identifier: AGPL-3.0-or-later

/// What a dialplan may grow to. Beyond a bound the parser says so and stops or passes over the
/// rest: a file of the wrong kind under the right name must not take the switch down.
public struct DialplanLimits: Hashable, Sendable {
    /// Of one file.
    public var fileBytes = 1 << 20
    /// Of one line.
    public var lineBytes = 8192
    /// Of all files together, comments included.
    public var lines = 10_000
    /// Files read in all.
    public var files = 256
    /// How deep `#include` may nest.
    public var includeDepth = 16

    public init() {}

    /// How deep variables, expressions and parentheses may nest within each other.
    static let nesting = 64
    /// Of an extension or pattern, as in Asterisk's AST_MAX_EXTENSION.
    static let extensionBytes = 80
    /// Of a text after its variables are replaced; what is longer is cut.
    static let expandedBytes = 16_384
    /// Contexts one search visits, as in Asterisk's AST_PBX_MAX_STACK.
    static let visitedContexts = 128
    /// Of a regular expression given to `:` and `=~`.
    static let regularExpressionBytes = 512
}
