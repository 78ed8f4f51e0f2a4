// SPDX-License-Identifier: AGPL-3.0-or-later
import SDP

/// Offers in the manner of the programs and devices they are named after.
enum Offers {
    static func wire(_ text: String) -> [UInt8] { Array(text.replacing("\n", with: "\r\n").utf8) }

    /// Media-level rtpmap for everything, session-level c=, rtcp attribute of the next port.
    static let baresip = wire(
        """
        v=0
        o=- 3741288012 3541288211 IN IP4 127.0.0.1
        s=-
        c=IN IP4 127.0.0.1
        t=0 0
        a=tool:client 1.0.0
        m=audio 16394 RTP/AVP 8 0 101
        a=rtpmap:8 PCMA/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=rtcp:16395
        a=sendrecv
        a=label:1
        a=ptime:20

        """)

    /// Many codecs of other clocks, two telephone-events, a video line, rtcp-fb lines, AVPF.
    static let linphone = wire(
        """
        v=0
        o=8001 2542 1963 IN IP4 192.0.2.20
        s=Talk
        c=IN IP4 192.0.2.20
        t=0 0
        a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics
        m=audio 7078 RTP/AVPF 96 97 98 0 8 99 100 101
        a=rtpmap:96 opus/48000/2
        a=fmtp:96 useinbandfec=1
        a=rtpmap:97 speex/16000
        a=fmtp:97 vbr=on
        a=rtpmap:98 speex/8000
        a=rtpmap:99 telephone-event/48000
        a=rtpmap:100 telephone-event/16000
        a=rtpmap:101 telephone-event/8000
        a=rtcp-fb:* trr-int 5000
        m=video 9078 RTP/AVPF 96
        a=rtpmap:96 VP8/90000

        """)

    /// As load generators write it: one static type, no rtpmap needed, no direction.
    static let sipp = wire(
        """
        v=0
        o=user1 53655765 2353687637 IN IP4 192.0.2.30
        s=-
        c=IN IP4 192.0.2.30
        t=0 0
        m=audio 6000 RTP/AVP 0
        a=rtpmap:0 PCMU/8000

        """)

    /// A gateway: c= in the media line only, static types without rtpmap, G.729 first, ptime 30, T.38 refused by us.
    static let gateway = wire(
        """
        v=0
        o=Gateway-UserAgent 6151 5311 IN IP4 192.0.2.40
        s=SIP Call
        t=0 0
        m=audio 18404 RTP/AVP 18 8 0 100
        c=IN IP4 192.0.2.41
        a=rtpmap:100 telephone-event/8000
        a=fmtp:100 0-16
        a=ptime:30
        m=image 18406 udptl t38
        c=IN IP4 192.0.2.41
        a=T38FaxVersion:0

        """)

    /// A desk phone: SRTP offered beside plain RTP, dynamic number for a static codec, IPv6.
    static let deskPhone = wire(
        """
        v=0
        o=- 20000 20000 IN IP6 2001:db8::50
        s=SDP data
        c=IN IP6 2001:db8::50
        t=0 0
        m=audio 11780 RTP/SAVP 0 8 101
        a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA
        a=rtpmap:101 telephone-event/8000
        m=audio 11782 RTP/AVP 110 9 101
        a=rtpmap:110 pcma/8000/1
        a=rtpmap:9 G722/8000
        a=rtpmap:101 telephone-event/8000
        a=sendonly

        """)

    static let all = [baresip, linphone, sipp, gateway, deskPhone]

    static func read(_ bytes: [UInt8]) throws -> SessionDescription { try SessionDescription.parse(bytes) }
}
