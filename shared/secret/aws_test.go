package secret

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
)

const nextVersion = "11111111-1111-4111-8111-111111111111"

func TestRotation_Create(t *testing.T) {
	seen := map[string]bool{}
	for _, proof := range []string{"", "proof"} {
		var request struct {
			SecretString, RotationToken string
			VersionStages               []string
		}
		err := NewRotation(serve(t, byAction{
			"GetSecretValue": exception(400, notFound),
			"PutSecretValue": func(w http.ResponseWriter, r *http.Request) {
				if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
					t.Error(err)
				}
				write(200, "{}")(w, r)
			},
		}.respond), id).Create(t.Context(), nextVersion, proof)
		if err != nil || request.RotationToken != proof || !cmp.Equal(request.VersionStages, []string{"AWSPENDING"}) {
			t.Errorf("%v, %+v", err, request)
		}
		var made struct{ Token string }
		err = json.Unmarshal([]byte(request.SecretString), &made)
		if err != nil || len(made.Token) != 52 || strings.Trim(made.Token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" || seen[made.Token] {
			t.Errorf("the token is %q (%v)", made.Token, err)
		}
		seen[made.Token] = true
	}
}

func TestRotation_Errors(t *testing.T) {
	denied := exception(400, "AccessDeniedException")
	for name, c := range map[string]struct {
		responses byAction
		do        func(*testing.T, *Rotation) error
		kind      fault.Kind
		says      string
	}{
		"test of no version":      {byAction{"GetSecretValue": exception(400, notFound)}, testVersion, fault.Permanent, "has no value"},
		"test of no token":        {byAction{"GetSecretValue": holding(`{"tokken":"` + newToken + `"}`)}, testVersion, fault.Permanent, "has no text in token"},
		"create without a permit": {byAction{"GetSecretValue": exception(400, notFound), "PutSecretValue": denied}, createVersion, fault.Temporary, "secretsmanager:PutSecretValue"},
		"unreadable response":     {byAction{"GetSecretValue": exception(400, notFound), "PutSecretValue": write(200, `{"SecretString":"`+newToken+`"`)}, createVersion, fault.Temporary, "cannot be stored"},
		"finish without a permit": {byAction{"GetSecretValue": holding(tokenJSON(newToken)), "UpdateSecretVersionStage": denied}, finishVersion, fault.Temporary, "secretsmanager:UpdateSecretVersionStage"},
		"finish of no version":    {byAction{"GetSecretValue": exception(400, notFound)}, finishVersion, fault.Permanent, "has no value"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.do(t, NewRotation(serve(t, c.responses.respond), id))
			if err == nil || fault.From(err).Kind != c.kind || !strings.Contains(fault.Public(err), c.says) || !strings.Contains(fault.Public(err), id) {
				t.Fatalf("got %v", err)
			}
			assertErrorHides(t, err, newToken)
		})
	}
}

func testVersion(t *testing.T, r *Rotation) error { return r.Test(t.Context(), nextVersion) }

func createVersion(t *testing.T, r *Rotation) error { return r.Create(t.Context(), nextVersion, "") }

func finishVersion(t *testing.T, r *Rotation) error {
	_, err := r.Finish(t.Context(), nextVersion)
	return err
}
