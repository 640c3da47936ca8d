package vendors

import (
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Model is one model of a vendor.
type Model struct {
	Vendor phone.Vendor
	// Name is as phone.Device.Model has it and as the phone's User-Agent says,
	// without the vendor: "T46G", "D385", "VVX410".
	Name string
	// Lines is how many SIP accounts it takes; 0 is not known.
	Lines int
	// Code is the number in Yealink's common file name, y%012d.cfg, and -1
	// where none is known; other vendors have none and 0.
	Code int
}

// Models lists the models known of a vendor. Phones of other models are served
// all the same.
func Models(v phone.Vendor) []Model {
	var list []Model
	switch v {
	case yealinkVendor:
		for _, r := range yealinkModels {
			list = append(list, r.models(v)...)
		}
	case snomVendor:
		list = row{lines: 12, names: snomModels}.models(v)
	case polyVendor:
		for _, r := range polyModels {
			list = append(list, r.models(v)...)
		}
	}
	return list
}

// ModelOf finds a model by its name in any case, with or without the marks
// vendors put around it ("SIP-T46G", "VVX_410").
func ModelOf(v phone.Vendor, name string) (Model, bool) {
	want := modelKey(name)
	rows := []row{{lines: 12, names: snomModels}}
	switch v {
	case yealinkVendor:
		rows = yealinkModels
	case polyVendor:
		rows = polyModels
	case snomVendor:
	default:
		return Model{}, false
	}
	for _, r := range rows {
		for n := range strings.FieldsSeq(r.names) {
			if modelKey(n) == want {
				return Model{Vendor: v, Name: n, Lines: r.lines, Code: r.code}, true
			}
		}
	}
	return Model{}, false
}

// modelKey is what two spellings of one model have in common.
func modelKey(s string) string {
	s = strings.ToUpper(s)
	s = strings.TrimPrefix(s, "SIP-")
	if !strings.ContainsAny(s, "_ -") {
		return s
	}
	return strings.NewReplacer("_", "", " ", "", "-", "").Replace(s)
}

// yealinkCode gives the models of a code.
func yealinkCode(code int) []Model {
	for _, r := range yealinkModels {
		if r.code == code {
			return r.models(yealinkVendor)
		}
	}
	return nil
}

// row is models that share their facts, names apart by blanks.
type row struct {
	code, lines int
	names       string
}

func (r row) models(v phone.Vendor) []Model {
	names := slices.Collect(strings.FieldsSeq(r.names))
	list := make([]Model, len(names))
	for i, n := range names {
		list[i] = Model{Vendor: v, Name: n, Lines: r.lines, Code: r.code}
	}
	return list
}

var yealinkModels = []row{
	{0, 6, "T28P"}, {4, 3, "T26P"}, {5, 3, "T22P"}, {7, 2, "T20P"}, {23, 4, "VP530P"},
	{25, 5, "W52P W56P"}, {28, 16, "T46G"}, {29, 12, "T42G"}, {32, 3, "T32G"},
	{34, 2, "T21P"}, {35, 16, "T48G"}, {36, 6, "T41P"}, {37, 1, "CP860"}, {38, 6, "T38G"},
	{44, 3, "T23P T23G"}, {45, 6, "T27P"}, {46, 16, "T29G"}, {51, 16, "VP-T49G"},
	{52, 2, "T21P_E2"}, {53, 1, "T19P_E2"}, {54, 3, "T40P"}, {58, 16, "T58A T58V T56A"},
	{65, 16, "T48S"}, {66, 16, "T46S"}, {67, 12, "T42S"}, {68, 6, "T41S"}, {69, 6, "T27G"},
	{70, 16, "T54S"}, {73, 1, "CP960"}, {74, 12, "T52S"}, {76, 3, "T40G"}, {77, 8, "W60B"},
	{78, 1, "CP920"}, {91, 0, "VP59"}, {95, 12, "T53 T53W"}, {96, 16, "T54W"}, {97, 16, "T57W"},
	{103, 30, "W80B W80DM"}, {107, 12, "T43U"}, {108, 16, "T46U"}, {108, 6, "T41U"},
	{109, 16, "T48U"}, {116, 12, "T42U"}, {123, 2, "T31 T31P T31G"}, {124, 4, "T33P T33G"},
	{127, 1, "T30 T30P"}, {130, 250, "W90DM W90B"}, {143, 1, "CP965"}, {146, 10, "W70B"},
	{148, 1, "CP925"}, {150, 16, "T58W"}, {171, 4, "T34W"}, {172, 2, "T31W"}, {173, 12, "T44U"},
	{174, 12, "T44W"}, {175, 20, "W75B W75DM"}, {180, 4, "AX83H"}, {182, 4, "AX86R"},
	{183, 12, "T73W"}, {184, 16, "T74W"}, {186, 12, "T73U"}, {187, 16, "T74U"},
	{188, 16, "T77U"}, {192, 16, "T88V T88W"}, {196, 16, "T85W"}, {197, 16, "T87W"},
	{-1, 1, "T19P"},
}

// snomModels all count as twelve identities. Small models have fewer, and pass
// over what they do not have.
const snomModels = "300 320 360 370 710 715 720 725 760 820 821 870 D120 D140 D150 " +
	"D305 D315 D335 D345 D375 D385 D712 D713 D715 D717 D725 D735 D745 D765 D785 " +
	"D810 D812 D815 D862 D865 D892 PA1 PA1plus MP C520 C620 M100 M500"

var polyModels = []row{
	{0, 2, "VVX101 VVX150 VVX200 VVX201 SPIP450"}, {0, 3, "SPIP550 SPIP560"}, {0, 4, "VVX250"},
	{0, 6, "VVX300 VVX301 VVX310 VVX311 VVX350 VVX1500"},
	{0, 12, "VVX400 VVX401 VVX410 VVX411 VVX450 VVX500 VVX501"}, {0, 16, "VVX600 VVX601"},
	{0, 0, "SPIP301 SPIP320 SPIP321 SPIP330 SPIP331 SPIP335 SPIP430 SPIP500 SPIP501 " +
		"SPIP600 SPIP601 SPIP650 SPIP670 SSIP4000 SSIP5000 SSIP6000 SSIP7000 SSIPDuo " +
		"Trio8300 Trio8500 Trio8800 TrioC60 CCX350 CCX400 CCX500 CCX600 CCX700 " +
		"EdgeE100 EdgeE220 EdgeE300 EdgeE320 EdgeE350 EdgeE400 EdgeE450 EdgeE500 EdgeE550"},
}
