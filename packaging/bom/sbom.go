package main

import (
	"encoding/json"
	"slices"
	"time"
)

// The parts of CycloneDX 1.6 that are written here, in its own names.
type (
	bill struct {
		Schema      string       `json:"$schema"`
		BOMFormat   string       `json:"bomFormat"`
		SpecVersion string       `json:"specVersion"`
		Version     int          `json:"version"`
		Metadata    billMetadata `json:"metadata"`
		Components  []billPart   `json:"components"`
	}
	billMetadata struct {
		Timestamp time.Time `json:"timestamp"`
		Component billPart  `json:"component"`
	}
	billPart struct {
		Type       string         `json:"type"`
		Ref        string         `json:"bom-ref,omitempty"`
		Name       string         `json:"name"`
		Version    string         `json:"version,omitempty"`
		URL        string         `json:"purl,omitempty"`
		Licences   []billLicence  `json:"licenses,omitempty"`
		Properties []billProperty `json:"properties,omitempty"`
	}
	billLicence struct {
		Licence struct {
			ID string `json:"id"`
		} `json:"license"`
	}
	billProperty struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

// cycloneDX is the bill of materials of a package.
func cycloneDX(name, version string, at time.Time, parts []component) ([]byte, error) {
	b := bill{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", BOMFormat: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: billMetadata{Timestamp: at, Component: billPart{Type: "application", Ref: name, Name: name, Version: version}},
	}
	for _, c := range parts {
		p := billPart{Type: "library", Ref: c.URL, Name: c.Name, Version: c.Version, URL: c.URL}
		for _, id := range c.ids() {
			var l billLicence
			l.Licence.ID = id
			p.Licences = append(p.Licences, l)
		}
		if c.Sum != "" { // go.sum's hash, of all files of the module and their names
			p.Properties = []billProperty{{"go.sum", c.Sum}}
		}
		b.Components = append(b.Components, p)
	}
	out, err := json.MarshalIndent(b, "", "  ")
	return append(out, '\n'), err
}

// ids are the licences of a component, each once.
func (c component) ids() []string {
	var ids []string
	for _, t := range c.Texts {
		ids = append(ids, t.IDs...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
