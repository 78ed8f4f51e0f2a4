// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
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
    /// A second call rings while the seat talks; false: it is busy then.
    public var callWaiting = true
    /// The class of music that those hear whom the seat holds; nil: the site's.
    public var holdMusic: String?
    /// A seat that holds somebody for so long is reminded, and again each time it has passed; nil: never.
    public var holdReminder: Duration?
    /// Who is held when the seat hangs up goes on hearing music while the seat is rung; false: the call is over.
    public var holdRecall = false
    /// May send the other side of a talk elsewhere, by its phone's key or by code.
    public var mayTransfer = true
    /// In which context the targets of its transfers are looked up; nil: `context`.
    public var transferContext: String?
    /// May park the other side of a talk by code.
    public var mayPark = true
    /// Its ringing calls may be picked up by seats that share one of these.
    public var pickupGroups: Set<String> = ["default"]
    /// Follows where its phone redirects a call to (302).
    public var followsRedirects = true
    /// Where a call for it goes that it cannot take; nil: back to whoever dialled.
    public var onBusy: Destination?
    public var onNoAnswer: Destination?
    public var onUnreachable: Destination?
    /// How long it rings before `onNoAnswer`.
    public var noAnswerAfter: Duration?
    /// Where the file defines it.
    public var spot: SourceLocation
}
