package voice

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
)

// Bounds of a site's own prompt.
const (
	maxPrompt = 30 * time.Second
	minPrompt = 100 * time.Millisecond
	// No more than one sample in a hundred may be at the end of the scale.
	clippedSize = 32000
	clippedOne  = 100
)

// siteSound reads one file of a site's prompts: its name without the ending, and
// the sound as µ-law.
func siteSound(site fs.FS, file string) (name string, sound []byte, err error) {
	ending := path.Ext(file)
	name = strings.TrimSuffix(path.Base(file), ending)
	b, err := readBounded(site, file)
	if err != nil {
		return name, nil, err
	}
	switch strings.ToLower(ending) {
	case ".wav":
		sound, err = readWAV(b)
	case ".ulaw":
		sound = b
	default:
		err = errors.New("it is neither .wav nor .ulaw")
	}
	if err == nil {
		err = checkSound(sound)
	}
	return name, sound, err
}

// readBounded reads a file that is not longer than the longest prompt as 16-bit
// WAV, with room for the chunks that editors add.
func readBounded(site fs.FS, file string) ([]byte, error) {
	f, err := site.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	most := 2*samples(maxPrompt) + 64<<10
	b, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err == nil && len(b) > most {
		err = fmt.Errorf("it is longer than %s; cut it", maxPrompt)
	}
	return b, err
}

// WAV format tags.
const (
	wavPCM  = 1
	wavA    = 6
	wavMu   = 7
	wavHint = "; convert it with `sox in.wav -r 8000 -c 1 -e mu-law out.wav`"
)

// readWAV takes the sound out of a WAV file with 8000 Hz mono in 16-bit PCM,
// µ-law or A-law, and makes µ-law of it.
func readWAV(b []byte) ([]byte, error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, errors.New("it is no WAV file")
	}
	var format []byte
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:8]))
		b = b[8:]
		if size > int64(len(b)) {
			if name != "data" { // a recorder that was cut off leaves too large a size
				return nil, fmt.Errorf("its part %q is cut off", name)
			}
			size = int64(len(b))
		}
		switch name {
		case "fmt ":
			format = b[:size]
		case "data":
			return wavSound(format, b[:size])
		}
		b = b[min(size+size&1, int64(len(b))):]
	}
	return nil, errors.New("there is no sound in it")
}

// wavSound makes µ-law of a WAV file's data.
func wavSound(format, data []byte) ([]byte, error) {
	if len(format) < 16 {
		return nil, errors.New("it does not say its format")
	}
	get := binary.LittleEndian.Uint16
	tag, channels, hz, width := get(format), get(format[2:]), binary.LittleEndian.Uint32(format[4:]), get(format[14:])
	if channels != 1 || hz != rate {
		return nil, fmt.Errorf("it has %d Hz and %d channels, not %d Hz mono%s", hz, channels, rate, wavHint)
	}
	switch {
	case tag == wavMu && width == 8:
		return data, nil
	case tag == wavA && width == 8:
		sound := bytes.Clone(data)
		recode(sound, PCMA, PCMU)
		return sound, nil
	case tag == wavPCM && width == 16:
		sound := make([]byte, len(data)/2)
		for i := range sound {
			sound[i] = linearToMu(int16(get(data[2*i:])))
		}
		return sound, nil
	}
	return nil, fmt.Errorf("it has format %d with %d bits, not PCM with 16, µ-law or A-law%s", tag, width, wavHint)
}
