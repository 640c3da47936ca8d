// Package proto holds the rules of one-time things between a site and the
// central platform: which one-time password (OTP) still counts, which PIN,
// how many wrong tries, who lives where. It is pure: the functions work on a
// transaction handed to them, take no clock and send nothing. The box's side
// (sync/site, on bbolt) and the platform's (sync/central, on its stream) both
// run this code, and so does the search for faults in this package's tests.
//
// # Words
//
// A generation is one minting of an OTP or PIN; it has a number below an
// epoch, and the epoch is the wall time of the platform's last restore. The
// mint is a random name, so that two mintings of one number, made on two
// sides of a restore, can be told apart. Sec is what both sides know about
// one device's generations; Sec.Join merges two of them, whatever was lost,
// repeated or reordered between.
//
// The anchor is a small file of the box outside its database and outside
// every backup; it names the last one-time passwords used. A database that
// disagrees with it was put back.
//
// # Rules
//
//	R1   a generation has one home, fixed when it is minted. A move takes the
//	     device from the old site and mints anew for the new one.
//	R2   an OTP is accepted in three steps: the anchor is written, one
//	     transaction looks again and marks it used, then the phone is answered.
//	R3   at start anchor and database agree, or the anchor is one ahead (those
//	     mints are burnt and reported), or the box was rolled back: everything
//	     armed is burnt and the platform is told.
//	R4   after a start no OTP is accepted off line before one full merge.
//	R5   on line the platform says yes first, once for one attempt; the attempt's
//	     name lives in memory only.
//	R6   a reply counts for the request of this process that awaits it, and a
//	     lower epoch is not heeded.
//	R7   a cursor names the platform's start it was made under, so that a
//	     platform put back is found out even after it has overtaken the cursor.
//	R8   then, or when it was restored, the platform begins a new epoch: armed
//	     OTPs are void, wrong tries forgotten, every site merges in full.
//	R9   a generation the platform does not know is adopted as void.
//	R10  the platform takes Sec only from the device's home.
//
// A new epoch costs one number, not a write for each device: a generation
// below the epoch is void wherever it is read (Sec.At).
//
// Beyond the rules the platform hands each site a token with every hello and
// wants it back in the next one. A box that shows an older one is a copy or
// was put back with its anchor; what is armed there is burnt.
//
// What is armed at a site that was put back may be more than one transaction
// holds. It is taken back in slices (Void), and until the last of them the site
// is given no documents and no yes: it would go off line with what it used in
// the life it has lost. What is minted for it meanwhile may be taken back too.
//
// Of its starts the platform remembers a thousand. A cursor that names an older
// one is too old; one that names none at all, after the first that is
// remembered, was never handed out by this past.
//
// # What this cannot do
//
// A box that accepts off line, loses the whole disk with the anchor before it
// could tell, and comes back on line as its older self, may accept once more
// if it goes off line again before it is heard by the platform; the gate of R4
// and the token close all but a copy that is never told. `otp_offline =
// "deny"` closes that. A platform put back by copying files and a site rolled
// back with its anchor, both to before the use, know nothing of the use.
package proto
