package pages_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/browser"
)

// code128 is the widths of bars and gaps of each symbol of a Code 128 (ISO/IEC
// 15417), by its value; the last one is the stop.
const code128 = `212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222
123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123
131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131
311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411
142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121
111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112`

// bars are the widths of a text's code, in set B.
func bars(text string) string {
	symbols := strings.Fields(code128)
	const startB = 104
	sum, out := startB, symbols[startB]
	for i := range len(text) {
		value := int(text[i] - ' ')
		sum, out = sum+(i+1)*value, out+symbols[value]
	}
	return out + symbols[sum%103] + symbols[106]
}

// label is a film of one picture, 640 by 480: a phone's label with a bar code for
// each text, one below the other.
func label(t *testing.T, texts ...string) string {
	t.Helper()
	const wide, high, module = 640, 480, 2
	luma := bytes.Repeat([]byte{235}, wide*high)
	for i, text := range texts {
		x := 40
		for j, w := range bars(text) {
			for n := int(w-'0') * module; n > 0; n, x = n-1, x+1 {
				for y := i*high/len(texts) + 20; j%2 == 0 && y < (i+1)*high/len(texts)-20; y++ {
					luma[y*wide+x] = 16
				}
			}
		}
	}
	film := fmt.Appendf(nil, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\nFRAME\n", wide, high)
	film = append(append(film, luma...), bytes.Repeat([]byte{128}, wide*high/2)...)
	path := filepath.Join(t.TempDir(), "label.y4m")
	if err := os.WriteFile(path, film, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// standIn is a BarcodeDetector for Chromium on Linux, which has none: it reads
// Code 128 off the video, and whatever else a test says is in the picture.
//
//go:embed testdata/detector.js
var standIn string

func withDetector(b *browser.Browser) {
	symbols, _ := json.Marshal(strings.Fields(code128)) // strings have always their JSON
	b.Do("put a detector in", chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument("{const symbols = " + string(symbols) + ";\n" + standIn + "}").Do(ctx)
		return err
	}))
}

func camera(b *browser.Browser, setting cdpbrowser.PermissionSetting) {
	b.Do("answer for the camera", cdpbrowser.SetPermission(&cdpbrowser.PermissionDescriptor{Name: "camera"}, setting))
}

func (s *site) installerAt(t *testing.T, b *browser.Browser) {
	t.Helper()
	s.api.set("/api/v1/phones", admin.Phones{Phones: []admin.Phone{}})
	b.Open("/sign-in")
	b.Fill("#f-name", "ines")
	b.Fill("#f-password", rightPassword)
	b.Click("main button.primary")
	b.See("Overview")
}

// TestScan holds a label before a camera that is none: one bar code of several has
// the MAC. What else may be printed on a label, or be in the way, follows.
func TestScan(t *testing.T) {
	s := newSite(t)
	film := label(t, "SN:3108016123456789", "MAC:001565010203", "841885106421")
	b := browser.New(t, s.URL, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-file-for-fake-video-capture", film))
	s.installerAt(t, b)
	b.Width(390)
	b.Open("/install")
	b.See("This browser reads no bar codes") // which is true of this one
	withDetector(b)
	camera(b, cdpbrowser.PermissionSettingGranted)
	b.Open("/install")
	b.Click("[data-scan]")
	b.At("/install/001565010203")

	const tag = "00:15:65:01:02:03"
	for name, tt := range map[string]struct {
		codes string // of the picture, each with its format
		want  string // where it leads, or what is offered
	}{
		"colons":                      {`[["code_39","00:15:65:01:02:03"]]`, "/install/001565010203"},
		"QR with a label":             {`[["qr_code","MAC: 00-04-13-0A-0B-0C"]]`, "/install/0004130a0b0c"},
		"QR with the serial beside":   {`[["qr_code","SN:0004130A0B0D;MAC:0004130A0B0C;PN:4325"]]`, "/install/0004130a0b0c"},
		"QR of words":                 {`[["qr_code","Model=VVX 410\nMAC Address=64167f010203\nS/N=64167F010299"]]`, "/install/64167f010203"},
		"QR of JSON":                  {`[["qr_code","{\"mac\":\"64:16:7f:01:02:03\",\"sn\":\"1\"}"]]`, "/install/64167f010203"},
		"fours":                       {`[["qr_code","SEP 0008.5d01.0203"]]`, "/install/00085d010203"},
		"beside the code of the shop": {`[["upc_a","841885106421"],["code_128","001565010203"]]`, "/install/001565010203"},
		"two alike":                   {`[["code_128","001565010203"],["code_128","00156501020A"]]`, tag + " 00:15:65:01:02:0a"},
		"none of them":                {`[["code_128","3108016123456789"],["code_128","FFFFFFFFFFFF"],["qr_code","https://example.net/001565010203x"],["code_128","<img src=x>"]]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b.Open("/install")
			b.Evaluate(`sees(`+tt.codes+`), 0`, new(int))
			b.Click("[data-scan]")
			if strings.HasPrefix(tt.want, "/") {
				b.At(tt.want)
				return
			}
			b.Wait("several pictures", `looked > 3 || document.querySelector("#scan .found button")`)
			var got string
			if b.Evaluate(`[...document.querySelectorAll("#scan .found button")].map(x => x.textContent).join(" ")`, &got); got != tt.want {
				t.Errorf("got %q offered, want %q", got, tt.want)
			}
			if tt.want != "" {
				b.Audit("several MACs")
				b.Shot("scan-several")
				b.Width(390)
				b.Click("#scan .found li:last-child button")
				b.At("/install/00156501020a")
			}
		})
	}

	camera(b, cdpbrowser.PermissionSettingDenied)
	b.Open("/install")
	b.Click("[data-scan]")
	b.See("does not let this page use the camera")
	b.Audit("no leave to use the camera")
	b.Shot("scan-refused")
	b.Click("#scan form button")
	b.Wait("the field to type in", `document.activeElement.id === "q" && !document.getElementById("scan").open`)
}

// TestScanWithoutACamera: the installer is told so, or not offered it at all, and
// types with the makers' names beside.
func TestScanWithoutACamera(t *testing.T) {
	s := newSite(t)
	b := browser.New(t, s.URL)
	withDetector(b)
	s.installerAt(t, b)
	camera(b, cdpbrowser.PermissionSettingGranted)
	b.Open("/install")
	b.Click("[data-scan]")
	b.See("This device has no camera")
	b.Do("have no TLS", chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(`delete Navigator.prototype.mediaDevices`).Do(ctx) // as a page without it sees it
		return err
	}))
	b.Width(390)
	b.Open("/install")
	b.See("This browser reads no bar codes")
	var offered bool
	if b.Evaluate(`!document.querySelector("[data-scan]").hidden`, &offered); offered {
		t.Error("got scanning offered without a camera to ask for, want it left out")
	}
	s.api.set("/api/v1/phones", admin.Phones{Phones: []admin.Phone{}, Maker: "yealink"})
	b.Fill("#q", "00:15:65")
	b.See("A MAC like this is a phone of")
}
