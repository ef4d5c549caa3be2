package site

import (
	"strings"
	"testing"
)

func TestSite(t *testing.T) {
	apps := map[string]string{
		"datadoghq.com": "app.datadoghq.com", "us3.datadoghq.com": "us3.datadoghq.com", "us5.datadoghq.com": "us5.datadoghq.com",
		"datadoghq.eu": "app.datadoghq.eu", "ap1.datadoghq.com": "ap1.datadoghq.com", "ap2.datadoghq.com": "ap2.datadoghq.com",
		"uk1.datadoghq.com": "uk1.datadoghq.com", "ddog-gov.com": "app.ddog-gov.com", "us2.ddog-gov.com": "us2.ddog-gov.com",
	}
	if len(All()) != len(apps) {
		t.Fatalf("All() has %d sites, the table has %d", len(All()), len(apps))
	}
	for name, app := range apps {
		s, err := Parse(name)
		if err != nil || s.API() != "api."+name || s.App() != app || s.EventIntake() != "event-management-intake."+name {
			t.Errorf("%s: got %s %s %s (%v)", name, s.API(), s.App(), s.EventIntake(), err)
		}
	}
}

func TestParse_Invalid(t *testing.T) {
	All()[0] = "evil.example" // It is a copy.
	for _, s := range []string{"", "datadoghq", "app.datadoghq.com", "https://datadoghq.com", "DATADOGHQ.COM", "us4.datadoghq.com", "datadoghq.com.evil.example", "evil.example"} {
		_, err := Parse(s)
		if err == nil || !strings.HasSuffix(err.Error(), "use one of datadoghq.com, us3.datadoghq.com, us5.datadoghq.com, datadoghq.eu, "+
			"ap1.datadoghq.com, ap2.datadoghq.com, uk1.datadoghq.com, ddog-gov.com, us2.ddog-gov.com") {
			t.Errorf("Parse(%q): %v", s, err)
		}
	}
}
