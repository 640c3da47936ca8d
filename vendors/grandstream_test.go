package vendors_test

import (
	"strconv"

	"github.com/lineside/lineside/vendors"
)

// readGrandstream reads P-values and gives the texts of the first three lines
// a second name, by a table of their numbers: columns are user, auth, password,
// name and label.
func readGrandstream(columns map[string][3]string) func(body []byte) (map[string]string, error) {
	return func(body []byte) (map[string]string, error) {
		got, err := readFlat(body, "config")
		if err != nil {
			return nil, err
		}
		for column, numbers := range columns {
			for i, p := range numbers {
				if v, ok := got[p]; ok && p != "" {
					got[column+"."+strconv.Itoa(i+1)] = v
				}
			}
		}
		return got, nil
	}
}

func grandstreamSamples() samples {
	ident := func(model, firmware, mac string) vendors.Ident {
		id := vendors.Ident{Vendor: "grandstream", Model: model, Firmware: firmware}
		if mac != "" {
			id.MAC = mustMAC(mac)
		}
		return id
	}
	return samples{
		vendor: "grandstream", mac: "c074ad2bd859", model: "GXP2170", config: "cfgc074ad2bd859.xml", ext: "xml",
		others: []otherFile{{"cfg.xml", "common"}},
		read: readGrandstream(map[string][3]string{
			"user": {"P35", "P404", "P504"}, "auth": {"P36", "P405", "P505"}, "password": {"P34", "P406", "P506"},
			"name": {"P3", "P407", "P507"}, "label": {"P270", "P417", "P517"},
		}),
		keys: lineKeys{user: "user.@", auth: "auth.@", password: "password.@", name: "name.@", label: "label.@"},
		classes: []identSample{
			{"GXP2170", ident("GXP2170", "", "")},
			{"GRP2614", ident("GRP2614", "", "")},
			{"GXP9999", ident("GXP9999", "", "")},
			{"GXPhone", vendors.Ident{}},
		},
		agents: []identSample{
			{"Grandstream Model HW GXP1628 SW 1.0.4.138 DevId c074ad2bd859", ident("GXP1628", "1.0.4.138", "c074ad2bd859")},
			{"Grandstream Model HW GXV3350  V1.3A SW 1.0.1.8 DevId 000b82112233", ident("GXV3350", "1.0.1.8", "000b82112233")},
			{"Grandstream GXP2000 (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9) DevId 000b822726c8", ident("GXP2000", "1.2.5.3", "000b822726c8")},
			{"Grandstream Model HW UCM6302 SW 1.0.1.8 DevId 000b82112233", vendors.Ident{}},
		},
		sipAgents: []identSample{{"Grandstream GXP2170 1.0.11.16", ident("GXP2170", "1.0.11.16", "")}},
		names: []nameSample{
			{name: "cfgc074ad2bd859", kind: vendors.Absent, mac: "c074ad2bd859"},
			{name: "cfgc074ad2bd859.bin", kind: vendors.Absent, mac: "c074ad2bd859"},
			{name: "cfgc074ad2bd859.xml", kind: vendors.Config, mac: "c074ad2bd859"},
			{name: "cfg0a0000000001.xml", hint: "yealink", kind: vendors.Config, mac: "0a0000000001"},
			{name: "cfggrp2614.xml", kind: vendors.Common, model: "GRP2614"},
			{name: "cfg.xml", kind: vendors.Common},
			{name: "grp2614fw.bin", kind: vendors.Absent},
			{name: "gs_phonebook.xml", hint: "grandstream", kind: vendors.Absent},
		},
		holding: map[string]string{
			"P47": "10.20.0.1:5060", "P35": "hold-fake", "P34": "fake-hold-password", "P270": "Authentication needed C074AD2BD859", "P71": "",
			"P401": "0", "P406": "", "P801": "0", "P51501": "0", "P193": "60", "P290": `{ 110 | 112 | 911 | x+ | \+x+ | *x+ | *xx*x+ }`,
			"P212": "1", "P237": "10.20.0.1/cfg",
		},
		full: map[string]string{
			"P47": "sip.example.net", "P35": "4930123456710", "P36": "auth-710", "P34": "fake-line-password-1", "P3": "Anna Müller", "P270": "710 Anna",
			"P402": "sip.example.net:5071", "P403": "edge.example.net:5062", "P448": "2", "P443": "1", "P405": "4930123456711", "P2402": "1",
			"P501": "0", "P1701": "0", "P701": "0", "P50601": "0", "P1360": "fake-login", "P1361": "fake-login-password", "P2": "fake-admin-password",
			"P64": "customize", "P246": "STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00", "P1362": "de", "P145": "1", "P1414": "0", "P1409": "0",
		},
		overrides: map[string]string{"P1362": "fr", "P102": "2"},
		replaces:  map[string]string{"P1362": "fr", "P102": "2"},
		badNames:  []string{"p47", "P", "P47a", "account.1.name", "P1234567"},
	}
}

func grandstreamHTSamples() samples {
	return samples{
		vendor: "grandstream-ht", mac: "c074ad273a10", model: "HT802", config: "cfgc074ad273a10.xml", ext: "xml",
		others: []otherFile{{"cfg.xml", "common"}},
		read: readGrandstream(map[string][3]string{
			"user": {"P35", "P735"}, "auth": {"P36", "P736"}, "password": {"P34", "P734"}, "name": {"P3", "P703"},
		}),
		keys: lineKeys{user: "user.@", auth: "auth.@", password: "password.@", name: "name.@"},
		classes: []identSample{
			{"HT802", vendors.Ident{Vendor: "grandstream-ht", Model: "HT802"}},
			{"HT8XX", vendors.Ident{Vendor: "grandstream-ht", Model: "HT8XX"}},
		},
		agents: []identSample{
			{"Grandstream Model HW HT801 V1.1A SW 1.0.17.5 DevId c074ad273a10", vendors.Ident{Vendor: "grandstream-ht", Model: "HT801", Firmware: "1.0.17.5", MAC: mustMAC("c074ad273a10")}},
		},
		sipAgents: []identSample{{"Grandstream HT802 1.0.17.5", vendors.Ident{Vendor: "grandstream-ht", Model: "HT802", Firmware: "1.0.17.5"}}},
		names: []nameSample{
			{name: "cfgc074ad273a10", hint: "grandstream-ht", kind: vendors.Absent, mac: "c074ad273a10"},
			{name: "cfgc074ad273a10.xml", hint: "grandstream-ht", kind: vendors.Config, mac: "c074ad273a10"},
			{name: "cfght802.xml", kind: vendors.Common, model: "HT802"},
			{name: "cfght802.xml", hint: "grandstream", kind: vendors.Common, model: "HT802"},
			{name: "ht802fw.bin", kind: vendors.Absent},
		},
		holding: map[string]string{
			"P47": "10.20.0.1:5060", "P35": "hold-fake", "P71": "*89", "P4045": "5", "P401": "0", "P734": "", "P771": "", "P193": "60",
		},
		full: map[string]string{
			"P35": "4930123456710", "P734": "fake-line-password-2", "P747": "sip.example.net:5071", "P748": "edge.example.net:5062", "P830": "2",
			"P71": "", "P26015": "0", "P26115": "0", "P860": "101", "P779": "101", "P4201": `{ 110 | 112 | 911 | x+ | \+x+ | *x+ | *xx*x+ }`, "P1361": "fake-login-password",
		},
		overrides: map[string]string{"P143": "1", "P854": "9"},
		replaces:  map[string]string{"P143": "1", "P854": "9"},
		badNames:  []string{"P", "X47"},
	}
}

// grandstreamTableKeys are the columns of the table of ports and accounts.
var grandstreamTableKeys = map[string][3]string{
	"user": {"P4060", "P4061", "P4062"}, "auth": {"P4090", "P4091", "P4092"}, "password": {"P4120", "P4121", "P4122"}, "name": {"P4180", "P4181", "P4182"},
}

func grandstreamGWSamples() samples {
	return samples{
		vendor: "grandstream-gw", mac: "ec74d7112233", model: "HT814", config: "cfgec74d7112233.xml", ext: "xml",
		others:  []otherFile{{"cfg.xml", "common"}},
		read:    readGrandstream(grandstreamTableKeys),
		keys:    lineKeys{user: "user.@", auth: "auth.@", password: "password.@", name: "name.@"},
		classes: []identSample{{"HT814", vendors.Ident{Vendor: "grandstream-gw", Model: "HT814"}}},
		agents: []identSample{
			{"Grandstream Model HW HT814 V1.0A SW 1.0.63.3 DevId ec74d7112233", vendors.Ident{Vendor: "grandstream-gw", Model: "HT814", Firmware: "1.0.63.3", MAC: mustMAC("ec74d7112233")}},
		},
		sipAgents: []identSample{{"Grandstream GXW4216 V2.3B 1.0.7.14", vendors.Ident{Vendor: "grandstream-gw", Model: "GXW4216", Firmware: "1.0.7.14"}}},
		names: []nameSample{
			{name: "cfgec74d7112233", hint: "grandstream-gw", kind: vendors.Absent, mac: "ec74d7112233"},
			{name: "cfgec74d7112233.xml", hint: "grandstream-gw", kind: vendors.Config, mac: "ec74d7112233"},
			{name: "cfght814.xml", kind: vendors.Common, model: "HT814"},
			{name: "gxw4216fw.bin", kind: vendors.Absent},
		},
		holding: map[string]string{
			"P47": "10.20.0.1:5060", "P4060": "hold-fake", "P4210": "*89", "P4211": "", "P4045": "5", "P4150": "0", "P4595": "1", "P4596": "0", "P4121": "", "P401": "0",
		},
		full: map[string]string{
			"P4060": "4930123456710", "P4090": "auth-710", "P4121": "fake-line-password-2", "P4150": "0", "P4151": "1", "P747": "sip.example.net:5071",
			"P748": "edge.example.net:5062", "P830": "2", "P401": "1", "P4210": "", "P4597": "0", "P4122": "", "P194": "3",
		},
		overrides: map[string]string{"P143": "1", "P4669": "x"},
		replaces:  map[string]string{"P143": "1", "P4669": "x"},
		badNames:  []string{"P", "X47"},
	}
}

func grandstreamDPSamples() samples {
	return samples{
		vendor: "grandstream-dp", mac: "000b82aabbcc", model: "DP750", config: "cfg000b82aabbcc.xml", ext: "xml",
		others:  []otherFile{{"cfg.xml", "common"}},
		read:    readGrandstream(grandstreamTableKeys),
		keys:    lineKeys{user: "user.@", auth: "auth.@", password: "password.@", name: "name.@"},
		classes: []identSample{{"DP750", vendors.Ident{Vendor: "grandstream-dp", Model: "DP750"}}, {"DP7XX", vendors.Ident{Vendor: "grandstream-dp", Model: "DP7XX"}}},
		agents: []identSample{
			{"Grandstream Model HW DP750 SW 1.0.2.16 DevId 000b82aabbcc", vendors.Ident{Vendor: "grandstream-dp", Model: "DP750", Firmware: "1.0.2.16", MAC: mustMAC("000b82aabbcc")}},
		},
		sipAgents: []identSample{{"Grandstream DP750 1.0.2.16", vendors.Ident{Vendor: "grandstream-dp", Model: "DP750", Firmware: "1.0.2.16"}}},
		names: []nameSample{
			{name: "cfg000b82aabbcc", hint: "grandstream-dp", kind: vendors.Absent, mac: "000b82aabbcc"},
			{name: "cfg000b82aabbcc.xml", hint: "grandstream-dp", kind: vendors.Config, mac: "000b82aabbcc"},
			{name: "cfgdp750.xml", hint: "grandstream-gw", kind: vendors.Common, model: "DP750"},
			{name: "cfgdp750.xml", kind: vendors.Common, model: "DP750"},
			{name: "dp750fw.bin", kind: vendors.Absent},
		},
		holding: map[string]string{"P4060": "hold-fake", "P4595": "1", "P4596": "0", "P4210": "", "P27080": "1", "P47": "10.20.0.1:5060"},
		full: map[string]string{
			"P4061": "4930123456711", "P4151": "1", "P27081": "2", "P4310": "2", "P27085": "101", "P747": "sip.example.net:5071", "P194": "1", "P4122": "",
		},
		overrides: map[string]string{"P143": "1", "P27001": "Base"},
		replaces:  map[string]string{"P143": "1", "P27001": "Base"},
		badNames:  []string{"P", "X47"},
	}
}
