package site

import (
	"strings"
	"testing"
)

func TestSite_hosts(t *testing.T) {
	tests := []struct {
		site             Site
		api, app, intake string
	}{
		{"datadoghq.com", "api.datadoghq.com", "app.datadoghq.com", "event-management-intake.datadoghq.com"},
		{"us3.datadoghq.com", "api.us3.datadoghq.com", "us3.datadoghq.com", "event-management-intake.us3.datadoghq.com"},
		{"us5.datadoghq.com", "api.us5.datadoghq.com", "us5.datadoghq.com", "event-management-intake.us5.datadoghq.com"},
		{"datadoghq.eu", "api.datadoghq.eu", "app.datadoghq.eu", "event-management-intake.datadoghq.eu"},
		{"ap1.datadoghq.com", "api.ap1.datadoghq.com", "ap1.datadoghq.com", "event-management-intake.ap1.datadoghq.com"},
		{"ap2.datadoghq.com", "api.ap2.datadoghq.com", "ap2.datadoghq.com", "event-management-intake.ap2.datadoghq.com"},
		{"uk1.datadoghq.com", "api.uk1.datadoghq.com", "uk1.datadoghq.com", "event-management-intake.uk1.datadoghq.com"},
		{"ddog-gov.com", "api.ddog-gov.com", "app.ddog-gov.com", "event-management-intake.ddog-gov.com"},
		{"us2.ddog-gov.com", "api.us2.ddog-gov.com", "us2.ddog-gov.com", "event-management-intake.us2.ddog-gov.com"},
	}
	if got := len(All()); got != len(tests) {
		t.Fatalf("All() has %d sites, the table has %d", got, len(tests))
	}
	for _, tt := range tests {
		t.Run(string(tt.site), func(t *testing.T) {
			s, err := Parse(string(tt.site))
			if err != nil {
				t.Fatal(err)
			}
			if s.API() != tt.api || s.App() != tt.app || s.EventIntake() != tt.intake {
				t.Errorf("got %s %s %s, want %s %s %s", s.API(), s.App(), s.EventIntake(), tt.api, tt.app, tt.intake)
			}
		})
	}
}

func TestParse_refuses(t *testing.T) {
	for _, s := range []string{"", "datadoghq", "app.datadoghq.com", "https://datadoghq.com", "DATADOGHQ.COM", "us4.datadoghq.com", "datadoghq.com.evil.example"} {
		t.Run(s, func(t *testing.T) {
			got, err := Parse(s)
			if err == nil {
				t.Fatalf("Parse(%q) = %q, want an error", s, got)
			}
			for _, valid := range All() {
				if !strings.Contains(err.Error(), string(valid)) {
					t.Errorf("the error does not name %s: %v", valid, err)
				}
			}
		})
	}
}

func TestAll_cannot_be_changed_by_its_caller(t *testing.T) {
	All()[0] = "evil.example"
	if _, err := Parse("datadoghq.com"); err != nil {
		t.Error(err)
	}
}
