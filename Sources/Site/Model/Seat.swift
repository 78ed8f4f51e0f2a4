// SPDX-License-Identifier: AGPL-3.0-or-later
public import Diagnostics

/// A seat: a number that phones register for.
public struct Seat: Hashable, Sendable {
    /// Digits, also the user name of the phones.
    public var number: String
    public var name: String
    public var language: SiteLanguage
    /// Where its calls enter the dialplan.
    public var context: String
    /// Calls at once.
    public var calls: Int
    public var isOperator: Bool
    /// Phones at once.
    public var registrations: Int
    /// Where the file defines it.
    public var spot: SourceLocation
}
