package voice

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Bounds of what a caller can follow.
const (
	// faint is the level of speech below which it drowns in the noise of an
	// office, in dB of full scale; networks aim at -26 to -16 (ITU-T P.56, G.169).
	faint = -40.0
	// mute is where sound is silence, between words and around them.
	mute = -50.0
	// longSilence is how much silence callers take for a line that is dead.
	longSilence = 2 * time.Second
	levelFrame  = 20 * time.Millisecond
)

// level is what can be measured of speech.
type level struct {
	peak, speech  float64       // dB of full scale; speech is the mean power while there is any
	before, after time.Duration // silence
	spoken        time.Duration // what is no silence
	clipped       int           // samples at the end of the scale
}

// measure listens to µ-law sound in frames.
func measure(sound []byte) level {
	var l level
	frame, loudest, power, heard, last := samples(levelFrame), 0, 0.0, 0, 0
	for at := 0; at < len(sound); at += frame {
		end, sum := min(at+frame, len(sound)), 0.0
		for _, code := range sound[at:end] {
			size := max(int(muLinear[code]), -int(muLinear[code]))
			loudest = max(loudest, size)
			sum += float64(size * size)
			if size >= clippedSize {
				l.clipped++
			}
		}
		if decibels(math.Sqrt(sum/float64(end-at))) < mute {
			continue
		}
		if heard == 0 {
			l.before = lasting(at)
		}
		power, heard, last = power+sum, heard+end-at, end
	}
	l.peak, l.speech, l.after = decibels(float64(loudest)), math.Inf(-1), lasting(len(sound)-last)
	l.spoken = lasting(heard)
	if heard > 0 {
		l.speech = decibels(math.Sqrt(power / float64(heard)))
	}
	return l
}

// decibels is an amplitude of 16-bit samples below full scale.
func decibels(amplitude float64) float64 { return 20 * math.Log10(amplitude/32768) }

// checkSound judges length and level, so that a recording nobody can hear or bear
// is not what a caller finds out about. It tells of all that is wrong.
func checkSound(sound []byte) error {
	if d := lasting(len(sound)); d < minPrompt || d > maxPrompt {
		return fmt.Errorf("it lasts %s, not %s to %s", d.Round(time.Millisecond), minPrompt, maxPrompt)
	}
	l := measure(sound)
	if l.speech < faint || l.spoken < minPrompt {
		return fmt.Errorf("it is nearly silent (%s of sound, peak %.0f dB, speech %.0f dB, wanted %.0f or more); make it louder, such as with `sox in.wav out.wav norm -6`", l.spoken, l.peak, l.speech, faint)
	}
	var errs []error
	if l.clipped > len(sound)/clippedOne {
		errs = append(errs, fmt.Errorf("it is clipped (%d of %d samples); record it with less gain", l.clipped, len(sound)))
	}
	if l.before > longSilence || l.after > longSilence {
		errs = append(errs, fmt.Errorf("it begins with %s of silence and ends with %s, and callers take more than %s for a dead line; cut it", l.before, l.after, longSilence))
	}
	return errors.Join(errs...)
}
