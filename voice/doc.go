// Package voice is sound and keys: SDP, RTP, G.711, the keys a caller presses, the
// prompts that are said, and the talk that asks for a PIN. It knows no SIP, no
// devices and no PINs: who signals hands it descriptions and bodies, and is asked
// whether an entry is right.
//
// It follows RFC 4566 and RFC 3264 (descriptions), RFC 3550 and RFC 3551 (RTP and
// its payload types), RFC 4733 (telephone events), ITU-T G.711, Q.23 and Q.24.
//
// # Use
//
// One Calls for the box, one Call for each leg:
//
//	prompts, problems := voice.LoadPrompts(os.DirFS(dir)) // or nil
//	calls, err := voice.New(voice.Config{}, prompts, log, set)
//	go calls.Serve(ctx)
//
//	// INVITE: 400 for ErrMalformed, 488 for ErrUnacceptable.
//	offer, err := voice.ParseDescription(body)
//	dialogue, err := voice.NewDialogue(voice.DialogueConfig{Entry: voice.Ask, Emergency: numbers})
//	conn, err := ports.Open(local)
//	call, err := calls.Open(conn, voice.Leg{Offer: offer, Source: source, Dialogue: dialogue, Language: "de"})
//	defer call.Close()
//	answer := call.Answer() // into the 200; call.Offer() where the INVITE had no offer
//	// ACK: with the answer to our offer, call.Update(description) first.
//	call.Start()
//	for event := range call.Events() {
//		switch e := event.(type) {
//		case voice.Check:  // ask the desk about e.Entry, then
//			call.Result(voice.Verdict{Outcome: voice.Wrong, Left: 2})
//		case voice.Bridge: // call e.Number, see below
//		case voice.HangUp: // BYE
//			return
//		}
//	}
//
// INFO goes to call.Info (415 for ErrForeignInfo, else 200), re-INVITE to
// ParseDescription, call.Update and call.Answer, BYE to call.Close, which also ends
// the range over Events. An event waits for its reader; the call does not wait for it.
//
// A bridge is a second leg, opened with Leg.Emergency and without a Dialogue: its
// Offer goes into our INVITE, the answer to Update; then Start and Join. Where no
// such call comes about, call.BridgeFailed says so to the caller, who may dial again;
// until one of the two is called the caller hears that the call is being made. Both
// may be called: a call that was joined for its early sound may fail after it.
//
// Before a call is taken sound goes out for one thing alone, the NoRoute announcement:
// early media of a call that is refused after it. Who starts that one bounds it.
//
// # Who may hear and be heard
//
// Nothing leaves before Start, so a forged INVITE makes no sound go anywhere. Sound
// goes to the address in the description if it is the one the signalling came from
// or Leg.Trusted says so, and else nowhere until the caller's first packet. Packets
// from the address and port described are the caller's and settle it for the call.
// Another port of the caller's address is heard, and sent to, once a stream of one
// SSRC came from it for a second with nothing from the one described, which wins
// afterwards all the same. Only packets of negotiated payload types count. The kernel is told to drop others, and
// a call reads 500 packets in a second at most. Who can write packets with the
// phone's own address on them can type for it: RTP has no proof of origin, so what
// protects a PIN is the count of tries, which is the caller's.
//
// # Keys
//
// Keys come by RFC 4733, by INFO and in band, all at once if need be; keyCounter has
// the rule by which each press counts once. Deviations, as spec says / devices do /
// we do:
//
//   - RFC 4733 section 2.5.1.1: marker on the first packet only / on none, or on
//     all / an event is known by its timestamp.
//   - RFC 4733 section 2.5.1.3: a new timestamp is a new event / some advance it in
//     one event / within 120 ms and without marker the same key goes on.
//   - RFC 3550 section 8: one SSRC for a stream / some change it with every key / a
//     new SSRC is a new event, and nothing else.
//   - RFC 3264 section 8.4: hold is a direction / 0.0.0.0 as well / both.
//
// # Sound
//
// Prompts are µ-law in prompts/de and prompts/en, made by packaging/prompts/make.sh
// (make prompts); their origin is in prompts/MANIFEST. PCMA is made of them packet
// by packet. One goroutine sends for all calls every 20 ms and works out of the
// clock what is due to each, so packets may be 10 to 60 ms long and a late tick is
// caught up with. After a prompt it sends silence, for phones take a stream that
// stops for a broken call. RTCP is neither sent nor answered.
//
// No print of a Key or of Digits shows what was typed.
package voice
