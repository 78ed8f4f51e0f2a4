// SPDX-License-Identifier: AGPL-3.0-or-later
public import Timing

/// A phone's registration as it is kept over a restart. Plain columns: what they mean is the registrar's to say.
public struct StoredBinding: Hashable, Sendable {
    /// What a binding is replaced by: RFC 3261 §10.3 knows one binding for each address of record and contact.
    public struct Key: Hashable, Sendable {
        public var addressOfRecord: String
        public var contact: String

        public init(addressOfRecord: String, contact: String) {
            self.addressOfRecord = addressOfRecord
            self.contact = contact
        }
    }

    public var key: Key
    /// Where the phone was heard from: `UDP`, `TCP` …
    public var transport: String
    public var address: String
    public var port: UInt16
    /// Which of our listeners heard it.
    public var listener: Int
    public var callID: String
    public var cseq: UInt32
    public var userAgent: String?
    /// 0…1000.
    public var qThousandths: Int
    public var instance: String?
    public var expires: WallTime

    public init(
        key: Key, transport: String, address: String, port: UInt16, listener: Int, callID: String, cseq: UInt32,
        userAgent: String? = nil, qThousandths: Int = 1000, instance: String? = nil, expires: WallTime
    ) {
        self.key = key
        self.transport = transport
        self.address = address
        self.port = port
        self.listener = listener
        self.callID = callID
        self.cseq = cseq
        self.userAgent = userAgent
        self.qThousandths = qThousandths
        self.instance = instance
        self.expires = expires
    }
}
