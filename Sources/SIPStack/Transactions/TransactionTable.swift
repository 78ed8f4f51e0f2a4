// SPDX-License-Identifier: AGPL-3.0-or-later

/// Transactions by number. The number holds the place in an array, so that finding one takes no hashing and changing
/// one no copy: a dictionary would move it out and in again for each message.
struct TransactionTable: Sendable {
    private struct Place: Sendable {
        /// Of the transaction that is or was here.
        var id: TransactionID
        var transaction: Transaction?
    }

    private var places: [Place] = []
    private var free: [Int] = []
    /// In the upper half of a number: numbers rise in the order made, and no place gives one twice.
    private var lastOrder: UInt64 = 0

    var count: Int { places.count - free.count }

    mutating func insert(_ transaction: Transaction) -> TransactionID {
        lastOrder += 1
        let index = free.popLast() ?? places.count
        let id = TransactionID(rawValue: lastOrder << 32 | UInt64(UInt32(truncatingIfNeeded: index)))
        let place = Place(id: id, transaction: transaction)
        if index < places.count { places[index] = place } else { places.append(place) }
        return id
    }

    mutating func remove(_ id: TransactionID) -> Transaction? {
        guard let index = index(of: id), let transaction = places[index].transaction.take() else { return nil }
        free.append(index)
        return transaction
    }

    /// nil when there is no such transaction any more; then changes come to nothing.
    subscript(id: TransactionID) -> Transaction? {
        get { index(of: id).flatMap { places[$0].transaction } }
        _modify {
            if let index = index(of: id) {
                yield &places[index].transaction
            } else {
                var none: Transaction?
                yield &none
            }
        }
    }

    private func index(of id: TransactionID) -> Int? {
        let index = Int(UInt32(truncatingIfNeeded: id.rawValue))
        return index < places.count && places[index].id == id ? index : nil
    }
}
