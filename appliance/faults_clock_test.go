package appliance

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

// clockUnset starts the program on a machine without a clock battery: its wall clock
// begins in 1970, and is right only later. The machine's own clock is everybody's, so
// the kernel's answer is changed for this process: the code that reads the clock
// without a system call, which the kernel maps into every process (vdso(7)), is
// written over.
func clockUnset(t *testing.T) outcome {
	if runtime.GOARCH != "amd64" {
		netlab.Lacking(t, "the code that is written over is amd64's")
	}
	b := newBox(t)
	b.write()
	b.start() // with a clock that is right
	phones := b.setUp(3)
	must(t, phones[0].enrol())
	b.kill()
	var set func(time.Duration) error
	b.launch(&syscall.SysProcAttr{Ptrace: true}, func() (err error) {
		if set, err = patchClock(b.cmd.Process.Pid); err == nil {
			err = set(time.Since(time.Unix(60, 0))) // a minute after power came
		}
		if err == nil {
			err = syscall.PtraceDetach(b.cmd.Process.Pid)
		}
		return err
	})
	b.awaitUp()
	if !strings.Contains(b.tail(), "time=1970-01-01T") {
		t.Fatalf("the program's clock is not in 1970\n%s", b.tail())
	}
	c := b.condition("clock-behind", true)
	must(t, phones[0].own())
	must(t, phones[1].enrol())
	if status, _, err := phones[1].fetch(brandOTP.User, brandOTP.Password); err != nil || status != 401 {
		t.Errorf("a used one-time password in 1970: got %d, %v; want 401", status, err)
	}
	must(t, set(0)) // the time server has answered
	b.condition("clock-behind", false)
	must(t, phones[2].enrol())
	return outcome{"clock at 1970", "are served and let in as ever; what expires is counted from the last time that was sure", words(c), "once the clock is set the condition is gone"}
}

// patchClock replaces clock_gettime of the vDSO of a stopped process, and gives what
// sets by how much its wall clock is behind.
func patchClock(pid int) (set func(behind time.Duration) error, err error) {
	base, size, err := mappedAt(pid, "[vdso]")
	if err != nil {
		return nil, err
	}
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	image := make([]byte, size)
	if _, err := mem.ReadAt(image, base); err != nil {
		return nil, fmt.Errorf("read the vDSO: %w", err)
	}
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return nil, fmt.Errorf("read the vDSO: %w", err)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return nil, fmt.Errorf("read the vDSO: %w", err)
	}
	for _, s := range symbols {
		if s.Name != "__vdso_clock_gettime" {
			continue
		}
		at := base + int64(s.Value)
		code := []byte{
			0xb8, 228, 0, 0, 0, // mov eax, SYS_clock_gettime
			0x0f, 0x05, // syscall; edi and rsi stay
			0x85, 0xff, // test edi, edi: CLOCK_REALTIME is 0
			0x75, 13, // jnz to the end
			0x48, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0, // mov rcx, seconds
			0x48, 0x29, 0x0e, // sub [rsi], rcx
			0xc3, // ret
		}
		if _, err := mem.WriteAt(code, at); err != nil {
			return nil, fmt.Errorf("write over the vDSO: %w", err)
		}
		return func(behind time.Duration) error {
			var seconds [8]byte
			binary.LittleEndian.PutUint64(seconds[:], uint64(behind/time.Second))
			_, err := mem.WriteAt(seconds[:], at+13)
			return err
		}, nil
	}
	return nil, fmt.Errorf("the vDSO has no clock_gettime")
}

// mappedAt is where a process has what is mapped under a name.
func mappedAt(pid int, name string) (base, size int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		var end int64
		if !strings.HasSuffix(strings.TrimSpace(line), name) {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x-%x", &base, &end); err != nil {
			return 0, 0, err
		}
		return base, end - base, nil
	}
	return 0, 0, fmt.Errorf("nothing is mapped as %s", name)
}
