package alert

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"testing"
)

func TestDecode_Content(t *testing.T) {
	const link = "https://app.datadoghq.com/event/event?id=8306082280000000003"
	type content struct{ title, message, link, priority, transition, monitor, group string }
	for body, want := range map[string]content{
		`{"title":"[Warn on {g:s-b}] Lag","monitor_id":"987654","event_id":"8306082280000000001","alert_status":"lag was > 200"}`: {title: "[Warn on {g:s-b}] Lag", transition: "Warn", monitor: "987654", group: "g:s-b"},
		`{"title":"[P2] [Recovered on {name:a[0],host:b}] CPU","text":"m"}`:                                                       {title: "[P2] [Recovered on {name:a[0],host:b}] CPU", message: "m", priority: "P2", transition: "Recovered", group: "name:a[0],host:b"},
		`{"title":"[Monitor Alert] Triggered: [TEST] CPU","text":"m"}`:                                                            {title: "[Monitor Alert] Triggered: [TEST] CPU", message: "m", transition: "Triggered"},
		`{"title":"[Monitor Alert] No data on {host:a,url:https://b}: CPU","text":"m"}`:                                           {title: "[Monitor Alert] No data on {host:a,url:https://b}: CPU", message: "m", transition: "No Data", group: "host:a,url:https://b"},
		`{"title":"Datadog: [P1] [No data on {host:a}] CPU","text":"m"}`:                                                          {title: "Datadog: [P1] [No data on {host:a}] CPU", message: "m", priority: "P1", transition: "No Data", group: "host:a"},
		`{"title":"[Triggered] [P1] CPU","transition":"Recovered","priority":"P4","scope":"host:z","text":"m"}`:                   {title: "[Triggered] [P1] CPU", message: "m", priority: "P4", transition: "Recovered", group: "host:z"},
		`{"title":"CPU","text":"**CPU** was marked as **recovered** on **host:a** by Ada.","tags":"priority:p3"}`:                 {title: "CPU", message: "**CPU** was marked as **recovered** on **host:a** by Ada.", priority: "P3", transition: "Recovered"},
		`{"title":"Lag","body":"Please look.","text_only_msg":"[P1] [Recovered on {host:a}] Lag is high\nm"}`:                     {title: "Lag", message: "Please look.", priority: "P1", transition: "Recovered", group: "host:a"},
		`{"title":"CPU","alert_status":"system.load.1 over host:a,env:b was > 0 at least once","text":"m"}`:                       {title: "CPU", message: "m", group: "host:a,env:b"},
		`{"title":"CPU","text":"[[Monitor Status](https://app.datadoghq.com/monitors/4711?group=host%3Aa)], like https://app.datadoghq.com/monitors/12"}`: {
			title: "CPU", message: "[[Monitor Status](https://app.datadoghq.com/monitors/4711?group=host%3Aa)], like https://app.datadoghq.com/monitors/12",
			monitor: "4711", group: "host:a", link: "https://app.datadoghq.com/monitors/4711?group=host%3Aa",
		},

		`{"incident":{"id":"123456","title":"[Triggered on {host:web-1}] CPU","status":"Triggered"},"context":{"hostname":"web-1","tags":"env:prod"},"links":{"datadog_url":"` + link + `"}}`: {
			title: "[Triggered on {host:web-1}] CPU", link: link, transition: "Triggered", group: "host:web-1",
		},
		`{"incident_public_id":"123456","incident_title":"Orders are late","incident_msg":"We look.","incident_severity":"SEV-2"}`: {title: "Orders are late", message: "We look.", priority: "P2"},
		`{"alert_title":"123456","text":"Disk is full"}`:                                                                          {message: "Disk is full"},
		`{"title":"123456","incident_title":"Orders are late"}`:                                                                   {title: "Orders are late"},
		`{"security_signal_title":"Odd logins","security_signal_msg":"Many.","security_signal_severity":"high"}`:                  {title: "Odd logins", message: "Many.", priority: "P2"},
		`{"security_rule_name":"Odd logins","security_rule_id":"a"}`:                                                              {title: "Odd logins"},
		`{"synthetics_test_name":"Buying","synthetics_first_failing_step_name":"Pay"}`:                                            {title: "Buying", message: "Pay"},
		`{"case_title":"Odd","case_description":"It broke.","case_priority":"P3","case_url":"https://app.datadoghq.com/cases/1"}`: {title: "Odd", message: "It broke.", priority: "P3", link: "https://app.datadoghq.com/cases/1"},

		`{"alert_id":"221","title":"[Triggered] x","transition":"Triggered","priority":"P2","scope":"host:a","summary":"Disk is full; see https://wiki.example.com/rb"}`: {
			title: "[Triggered] x", message: "Disk is full; see https://wiki.example.com/rb", priority: "P2", transition: "Triggered", monitor: "221", group: "host:a",
		},
		`{"title":"x","note":"Call us.","runbook":"Restart the pod, then wait","team":"shop","url":"` + link + `"}`: {title: "x", message: "Restart the pod, then wait", link: link},
		`{"title":"x","message":["Disk is full","on a"]}`:                                                           {title: "x", message: "Disk is full\non a"},
		`{"title":"x","message":"x","detail":"Disk is full"}`:                                                       {title: "x", message: "Disk is full"},
		`{"text":"<` + link + `|[Recovered on {host:a}] CPU>"}`:                                                     {title: "[Recovered on {host:a}] CPU", message: "<" + link + "|[Recovered on {host:a}] CPU>", link: link, transition: "Recovered", group: "host:a"},
		`{"text":"#### [[P2] [Warn on {host:a}] CPU](` + link + `)\nLag"}`:                                          {title: "[P2] [Warn on {host:a}] CPU", message: "#### [[P2] [Warn on {host:a}] CPU](" + link + ")\nLag", link: link, priority: "P2", transition: "Warn", group: "host:a"},
		`{"blocks":[{"text":{"text":"*<` + link + `|[Triggered] CPU>*"}},{"text":{"text":"web-1 is hot"}}]}`:        {title: "[Triggered] CPU", message: "web-1 is hot", link: link, transition: "Triggered"},
		`{"name":"[Triggered] CPU","summary":"web-1 is hot.\nSee the runbook.","description":"load was > 3"}`:       {title: "[Triggered] CPU", message: "web-1 is hot.\nSee the runbook.", transition: "Triggered"},
		`{"title":"CPU","text":"The monitor was marked as **Recovered** on **total** by Ada."}`:                     {title: "CPU", message: "The monitor was marked as **Recovered** on **total** by Ada.", transition: "Recovered"},
		`{"name":"incident","params":{"incident_title":"[P2] [Recovered on {host:a}] CPU"},"note":"web-1 is fine"}`: {title: "[P2] [Recovered on {host:a}] CPU", message: "web-1 is fine", priority: "P2", transition: "Recovered", group: "host:a"},
		`{"name":"x","command":"echo '[P2] [Warn] CPU'","incident_title":"[P2] [Warn] CPU"}`:                        {title: "[P2] [Warn] CPU", priority: "P2", transition: "Warn"},
		`{"title":"CPU","status":"resolved","severity":"critical"}`:                                                 {title: "CPU", priority: "P1", transition: "Recovered"},
		`{"title":"CPU","monitor":{"status":"Alert"},"text":"m"}`:                                                   {title: "CPU", message: "m", transition: "Triggered"},
		`{"title":"CPU","message_type":"RECOVERY","text":"m"}`:                                                      {title: "CPU", message: "m", transition: "Recovered"},
		`{"title":"CPU","alert_state":"Warning","text":"m"}`:                                                        {title: "CPU", message: "m", transition: "Warn"},
		`{"title":"[Recovered] CPU","state":"Alert","text":"m"}`:                                                    {title: "[Recovered] CPU", message: "m", transition: "Recovered"},
		`{"title":"CPU","event_action":"trigger","note":"OK","text":"m"}`:                                           {title: "CPU", message: "m"},
		`{"alerts":[{"title":"[Triggered on {host:a}] CPU"},{"title":"[Recovered on {host:b}] Disk"}]}`: {
			title: "[Triggered on {host:a}] CPU", message: "[Recovered on {host:b}] Disk", transition: "Triggered", group: "host:a",
		},
		`{"headline":"[Warn] Lag","values":[["1","[P2] [Warn] Lag: lag was > 3"],["2","[Warn] Lag"]]}`:                             {title: "[Warn] Lag", message: "[P2] [Warn] Lag: lag was > 3", transition: "Warn"},
		`{"alert_name":"CPU is high","note":"[P1] Call Ada"}`:                                                                      {title: "CPU is high", message: ""},
		`{"subject":"Datadog","html":"<h2>[P2] [Triggered] CPU</h2><p>web-1 is <b>hot</b>.</p><a href=\"` + link + `\">Open</a>"}`: {title: "[P2] [Triggered] CPU", message: "[P2] [Triggered] CPU\n\nweb-1 is hot.\n\n[Open](" + link + ")", link: link, priority: "P2", transition: "Triggered"},
		`{"markdown":{"content":"### <font color=\"warning\">[Warn] Lag</font>\nweb-1 is slow"}}`:                                  {title: "[Warn] Lag", message: "### [Warn] Lag\nweb-1 is slow", transition: "Warn"},
		`{"subject":"[Warn] CPU","html":"<style>p{color:red}</style><p>CPU &gt; 90&nbsp;% for Map&lt;K&gt;<!-- note --><br/>See <a href='https://x.example/?a=1&amp;b=2' target=_blank><b>the board</b></a></p><table><tr><td>host</td><td>web-1</td></tr></table><a href='https://y.example'>a<b"}`: {title: "[Warn] CPU", message: "CPU > 90\u00a0% for Map<K>\n\nSee [the board](https://x.example/?a=1&b=2)\n\nhost  web-1\n\n[a<b](https://y.example)", transition: "Warn"},
		`{"description":"<img src=\"https://p.example.com/a.png\"/><hr/>web-1 runs Map.<init>","subject":"[Warn] Lag"}`:          {title: "[Warn] Lag", message: "![Graph](https://p.example.com/a.png)\n\nweb-1 runs Map.<init>", transition: "Warn"},
		`{"text":"🚨 *[Warn] Lag*: \nweb-1 is slow"}`:                                                                             {title: "🚨 [Warn] Lag", message: "🚨 *[Warn] Lag*: \nweb-1 is slow", transition: "Warn"},
		`{"text":"[Warn] Lag of a ` + link + `"}`:                                                                                {title: "[Warn] Lag of a", message: "[Warn] Lag of a " + link, transition: "Warn", link: link},
		`{"records":[{"description":"CPU is high","additional_info":"{\"transition\":\"Recovered\",\"monitor_id\":\"4711\"}"}]}`: {message: "CPU is high", transition: "Recovered", monitor: "4711"},
		`{"text":"[P2] [Recovered] CPU","message":"web-1 is fine.\nSee the runbook."}`:                                           {title: "[P2] [Recovered] CPU", message: "web-1 is fine.\nSee the runbook.", priority: "P2", transition: "Recovered"},
		`{"message":"[Recovered] CPU","text":"web-1 is fine"}`:                                                                   {title: "[Recovered] CPU", message: "web-1 is fine", transition: "Recovered"},
		`{"message":"[Recovered] CPU","details":{"text":"web-1 is fine"}}`:                                                       {title: "[Recovered] CPU", message: "web-1 is fine", transition: "Recovered"},
		`{"title":"Datadog alert","summary":"[Recovered] CPU","text":"web-1 is fine"}`:                                           {title: "[Recovered] CPU", message: "web-1 is fine", transition: "Recovered"},
		`{"text":"[Warn] Lag","details":"Lag was > 3","note":"web-1 is slow, see the runbook"}`:                                  {title: "[Warn] Lag", message: "web-1 is slow, see the runbook", transition: "Warn"},
		`{"headline":"[Warn] Lag","details":"Lag was > 3","note":"web-1 is slow, see the runbook"}`:                              {title: "[Warn] Lag", message: "Lag was > 3\n\nweb-1 is slow, see the runbook", transition: "Warn"},
		`{"alert":[{"tags":"env:prod","alert_id":"4711"}],"title":"x","text":"y z"}`:                                             {title: "x", message: "y z", monitor: "4711"},
		`{"alert_id":"9bd4ac313a4d1e8fae2482df7b77628","monitor_id":"4711","title":"x","text":"y z"}`:                            {title: "x", message: "y z", monitor: "4711"},
		`{"channel":"c","attachments":"[{\"title\":\"[Recovered] CPU\",\"text\":\"web-1 is fine\"}]"}`:                           {title: "[Recovered] CPU", message: "web-1 is fine", transition: "Recovered"},
		`{"security":{"signal":{"title":"Odd logins","msg":"Many.","severity":"critical"},"rule":{"name":"R"}}}`:                 {title: "Odd logins", message: "Many.", priority: "P1"},
		`{"signal":{"title":"Odd logins","message":"Many.","severity":"low"}}`:                                                   {title: "Odd logins", message: "Many.", priority: "P4"},
		`{"content":"**[Warn on {host:a}] Disk of [a](https://wiki.example.com/a) is full**\n\nLag"}`: {
			title: "[Warn on {host:a}] Disk of a is full", message: "**[Warn on {host:a}] Disk of [a](https://wiki.example.com/a) is full**\n\nLag", transition: "Warn", group: "host:a",
		},
		`{"severity":"Re-Triggered","event":"system.load.1","text":"Disk is full"}`: {message: "Disk is full", transition: "Re-Triggered"},
		`{"test":{"name":"Buying"},"status":"Triggered"}`:                           {title: "Buying", transition: "Triggered"},
		`[{"title":"[Triggered] x","text":"m"}]`:                                    {title: "[Triggered] x", message: "m", transition: "Triggered"},
		`[{"labels":{"alertname":"[Triggered] x"}},{"annotations":{"description":"Disk is full"}}]`: {
			title: "[Triggered] x", message: "Disk is full", transition: "Triggered",
		},
		`[{"title":"[Triggered] x","text":"Disk is full"},{"title":"[Triggered] y","text":"Lag is high"}]`: {
			title: "[Triggered] x", message: "Disk is full\n\n[Triggered] y\n\nLag is high", transition: "Triggered",
		},
		`{"Records":[{"body":"{\"title\":\"[Recovered] x\",\"text\":\"Disk has room\",\"link\":\"` + link + `\"}"},{"body":"{\"title\":\"[Warn] y\",\"text\":\"Lag is high\"}"}]}`: {
			title: "[Warn] y", message: "Lag is high\n\n[Recovered] x\n\nDisk has room\n\n" + link, transition: "Warn",
		},
		`{"records":[{"key":"1","value":{"title":"[Recovered] x","body":"Disk has room"}},{"key":"2","value":{"title":"[Warn] y","body":"Lag is high"}}]}`: {
			title: "[Warn] y", message: "Lag is high\n\n[Recovered] x\n\nDisk has room", transition: "Warn",
		},
		`{"version":"2.0","headers":{"user-agent":"A long agent of a proxy"},"body":"{\"text\":\"*Recovered* - CPU\"}"}`:                       {title: "*Recovered* - CPU", message: "*Recovered* - CPU", transition: "Recovered"},
		`{"payload":"\"{\\\"title\\\":\\\"[Warn] Lag\\\",\\\"body\\\":\\\"m\\\"}\""}`:                                                          {title: "[Warn] Lag", message: "m", transition: "Warn"},
		`"{\"title\":\"[Warn] Lag\",\"body\":\"m\"}"`:                                                                                          {title: "[Warn] Lag", message: "m", transition: "Warn"},
		`{"title":"[Warn] Lag &gt; 3 &amp; &#39;x&#39;","text":"lag &gt; 3"}`:                                                                  {title: "[Warn] Lag > 3 & 'x'", message: "lag > 3", transition: "Warn"},
		`{"title":"[Warn] Lag","text":"Write &amp; for & and &gt; for >"}`:                                                                     {title: "[Warn] Lag", message: "Write &amp; for & and &gt; for >", transition: "Warn"},
		`{"title":"CPU [Recovered]","text":"m"}`:                                                                                               {title: "CPU [Recovered]", message: "m", transition: "Recovered"},
		`{"title":"[🔥 Triggered] CPU","text":"m"}`:                                                                                             {title: "[🔥 Triggered] CPU", message: "m", transition: "Triggered"},
		`{"event":{"title":"[Warn] Lag","body":"m"},"logs":[{"message":"no route","alert_id":"4711"},{"message":"no way","alert_id":"4712"}]}`: {title: "[Warn] Lag", message: "m", transition: "Warn"},
		`{"body":"` + base64Of(`{"title":"[Warn] Lag","text":"web-1 is slow"}`) + `"}`:                                                         {title: "[Warn] Lag", message: "web-1 is slow", transition: "Warn"},
		`{"alert":{"id":"4711","monitor":{"name":"CPU high","type":"metric alert"},"transition":"Triggered"},"meta":{"note":"web-1 is hot"}}`:  {title: "CPU high", message: "web-1 is hot", transition: "Triggered", monitor: "4711"},
		`{"monitor":{"name":"CPU high","type":"service check"}}`:                                                                               {title: "CPU high"},
		`{"text":"*[Triggered]* CPU high","blocks":["web-1 is hot"]}`:                                                                          {title: "[Triggered] CPU high", message: "web-1 is hot", transition: "Triggered"},
		`{"Type":"Notification","MessageId":"22b80b92","Subject":"Datadog","Message":"{\"id\":\"8306082280000000003\",\"title\":\"[P2] [Triggered] CPU\",\"body\":\"web-1 is hot\",\"alert_id\":\"4711\",\"link\":\"` + link + `\"}"}`: {
			title: "[P2] [Triggered] CPU", message: "web-1 is hot", link: link, priority: "P2", transition: "Triggered", monitor: "4711",
		},
		`{"event_type":"datadog","client_payload":{"alert":"{\"alert_transition\":\"Recovered\",\"event_title\":\"CPU\",\"event_msg\":\"web-1 is fine\"}"}}`: {title: "CPU", message: "web-1 is fine", transition: "Recovered"},
		`{"title":"[Triggered] Errors","message":"{\"message\":\"no route\",\"host\":\"a\"}"}`:                                                               {title: "[Triggered] Errors", message: `{"message":"no route","host":"a"}`, transition: "Triggered"},
		`{"text":"<` + link + `|[Recovered on {service:a}] Lag>","attachments":[{"text":"lag was < 3"}]}`:                                                    {title: "[Recovered on {service:a}] Lag", message: "lag was < 3", link: link, transition: "Recovered", group: "service:a"},
		`{"attachments":[{"fallback":"[Warn] Lag - ` + link + `","title":"<` + link + `|[Warn] Lag>","text":"lag was > 3"}]}`:                                {title: "[Warn] Lag", message: "lag was > 3", link: link, transition: "Warn"},
		`{"title":"[Warn] Lag","text":"lag was > 3","link":"<` + link + `|Open>"}`:                                                                           {title: "[Warn] Lag", message: "lag was > 3", link: link, transition: "Warn"},
		`{"title":"[Warn] Lag","text":"lag was > 3","link":"[Open](` + link + `)"}`:                                                                          {title: "[Warn] Lag", message: "lag was > 3", link: link, transition: "Warn"},
		`{"text":"Hello team,\n\n*[P2] [Warn on {host:a}] Lag*\nlag was > 3"}`:                                                                               {title: "[P2] [Warn on {host:a}] Lag", message: "Hello team,\n\n*[P2] [Warn on {host:a}] Lag*\nlag was > 3", priority: "P2", transition: "Warn", group: "host:a"},
		`{"title":"Datadog","text":"Hello,\n[Warn] Lag"}`:                                                                                                    {title: "Datadog", message: "Hello,\n[Warn] Lag", transition: "Warn"},
		`{"text":"Lag\nClose the ticket when [Recovered] comes.\n[P1] Call Ada"}`:                                                                            {message: "Lag\nClose the ticket when [Recovered] comes.\n[P1] Call Ada"},
		`{"blocks":[{"text":":dog: [Warn] Lag"},{"text":"Lag was > 3"},{"text":"<` + link + `|View in Datadog>"}]}`:                                          {title: ":dog: [Warn] Lag", message: "Lag was > 3", link: link, transition: "Warn"},
		`{"title":"[Warn] Lag","a":"Lag was > 3","b":"[View in Datadog](` + link + `)"}`:                                                                     {title: "[Warn] Lag", message: "Lag was > 3", link: link, transition: "Warn"},
		`{"text":"> 🔴 ALERT | [Warn] Lag | <` + link + `|open>\n> lag"}`:                                                                                     {title: "🔴 ALERT | [Warn] Lag", message: "> 🔴 ALERT | [Warn] Lag | <" + link + "|open>\n> lag", link: link, transition: "Warn"},
		`{"title":"CPU","alert_transition":"OK","text":"m"}`:                                                                                                 {title: "CPU", message: "m", transition: "Recovered"},
		`{"title":"[Recovered] CPU","transition":"Alert","text":"m"}`:                                                                                        {title: "[Recovered] CPU", message: "m", transition: "Recovered"},
		`{"title":"CPU","event_action":"resolve","text":"m"}`:                                                                                                {title: "CPU", message: "m", transition: "Recovered"},
		`{"title":"[Warn] Lag","message":"Please look.","text":"Lag was > 3 for 5 min.\nSee the board."}`:                                                    {title: "[Warn] Lag", message: "Please look.\n\nLag was > 3 for 5 min.\nSee the board.", transition: "Warn"},
		`{"title":"[Warn] Lag","message":"Please look at it.","text":"Lag was > 3."}`:                                                                        {title: "[Warn] Lag", message: "Please look at it.\n\nLag was > 3.", transition: "Warn"},
		`{"dd_title":"CPU","datadog_message":"web-1 is hot","extra_vars":{"dd_alert_id":"4711","dd-priority":"P2"}}`:                                         {title: "CPU", message: "web-1 is hot", priority: "P2", monitor: "4711"},
		`{"name":"[Warn] Lag","notes":"Lag was > 3, as in https://app.datadoghq.com/monitors/1?event_id=8306082280000000009\n\n` + link + `"}`: {
			title: "[Warn] Lag", message: "Lag was > 3, as in https://app.datadoghq.com/monitors/1?event_id=8306082280000000009\n\n" + link, link: link, transition: "Warn", monitor: "1",
		},
		`{"Records":[{"Sns":{"Subject":"s","Message":"{\"id\":\"8306082280000000003\",\"title\":\"CPU\",\"body\":\"web-1 is hot\",\"monitor_id\":\"4711\"}"}}]}`: {title: "CPU", message: "web-1 is hot", monitor: "4711"},
		`{"alert":{"title":"CPU","body":"web-1 is hot"},"x":{"y":{"log":"{\"id\":\"4\",\"title\":\"no\",\"body\":\"no route\"}"}}}`:                              {title: "CPU", message: "web-1 is hot"},
		`{"title":"[Warn] Lag","text":"Lag was > 3\n[Datadog|` + link + `]"}`:                                                                                    {title: "[Warn] Lag", message: "Lag was > 3\n[Datadog|" + link + "]", link: link, transition: "Warn"},
		`{"title":"[Warn] Lag","text":"m","link":"https://app.datadoghq.com/dashboard/abc","event_link":"` + link + `"}`:                                         {title: "[Warn] Lag", message: "m", link: link, transition: "Warn"},
		`{"title":"[Warn] Lag\nlag was > 3"}`: {title: "[Warn] Lag", message: "[Warn] Lag\nlag was > 3", transition: "Warn"},
		`{"title":"<b>[Warn] Lag</b>","text":"🔥 <b>web-1</b>\n<i>slow</i>, List<Map<K>> &amp; <a href='https://x.example'>board</a>"}`: {
			title: "[Warn] Lag", message: "🔥 web-1\nslow, List<Map<K>> & [board](https://x.example)", transition: "Warn",
		},
		`{"title":"[Warn] Lag","text":"Alarm:<br/>web-1"}`:                                                                                          {title: "[Warn] Lag", message: "Alarm:\n\nweb-1", transition: "Warn"},
		`{"title":"[Warn] Lag","text":"Wrong: ` + "`<b>x</b>`" + ` in Map<A> of Map.<init> &amp; <b>"}`:                                             {title: "[Warn] Lag", message: "Wrong: `<b>x</b>` in Map<A> of Map.<init> &amp; <b>", transition: "Warn"},
		`{"payload":"<?xml version='1.0'?><alert>\n<name>[Warn] Lag</name><text>lag was &gt; 3</text></alert>"}`:                                    {title: "[Warn] Lag", message: "[Warn] Lag\n\nlag was > 3", transition: "Warn"},
		`<s:Envelope xmlns:s="http://example.com/soap"><s:Body xmlns="urn:a"><name>[Warn] Lag</name><text>lag was > 3</text></s:Body></s:Envelope>`: {title: "[Warn] Lag", message: "[Warn] Lag\n\nlag was > 3", transition: "Warn"},
		`<alert id="7"><name>[Warn] Lag</name><text>lag was &gt; 3</text><link href="http://a.example.com"/></alert>`:                               {title: "[Warn] Lag", message: "<alert id=\"7\">\n\n[Warn] Lag\n\nlag was > 3\n\n<link href=\"http://a.example.com\"/>", transition: "Warn"},
		`{"monitor_id":"4711","status":"Triggered","tags":"env:prod,host:a","snapshot":"https://p.example.com/a.png"}`:                              {title: "Datadog alert 4711", transition: "Triggered", monitor: "4711"},
		`{"link":"` + link + `"}`: {title: "Datadog alert", link: link},
		`{"title":"[P2] [Warn] Lag","priority":4,"text":"web-1 is slow"}`:                                          {title: "[P2] [Warn] Lag", message: "web-1 is slow", priority: "P2", transition: "Warn"},
		`{"title":"[P2] [Warn] Lag","priority":"P4","text":"web-1 is slow"}`:                                       {title: "[P2] [Warn] Lag", message: "web-1 is slow", priority: "P4", transition: "Warn"},
		`{"default":"[Warn] Lag","email":"web-1 is slow.\nSee the board."}`:                                        {title: "[Warn] Lag", message: "web-1 is slow.\nSee the board.", transition: "Warn"},
		`{"title":"{{alert_title}}","text":"${EVENT_MSG}","summary":"[Warn] Lag","transition":"{{ transition }}"}`: {title: "[Warn] Lag", transition: "Warn"},

		// A greeting or a mention is not all that a card says.
		`{"text":"<!channel> New alert from Datadog","attachments":[{"title":"[Warn] Lag","text":"lag was > 3 on a"}]}`: {title: "[Warn] Lag", message: "<!channel> New alert from Datadog\n\nlag was > 3 on a", transition: "Warn"},
		`{"content":"<@&12> **Warn**","embeds":[{"title":"[Warn] Lag","description":"lag was > 3 on web-1"}]}`:          {title: "[Warn] Lag", message: "<@&12> **Warn**\n\nlag was > 3 on web-1", transition: "Warn"},
		`{"title":"Alert","text":"[P2] [Warn] Lag\n\nlag was > 3"}`:                                                     {title: "[P2] [Warn] Lag", message: "[P2] [Warn] Lag\n\nlag was > 3", priority: "P2", transition: "Warn"},
		`{"title":"Datadog","text":"[Warn] Lag\nlag was > 3\n<https://app.datadoghq.eu/monitors/4711|Open>"}`:           {title: "[Warn] Lag", message: "[Warn] Lag\nlag was > 3\n<https://app.datadoghq.eu/monitors/4711|Open>", link: "https://app.datadoghq.eu/monitors/4711", transition: "Warn", monitor: "4711"},
		`[{"title":"[Triggered] x","text":"Disk is full\nSee it"},{"title":"[Triggered] y","text":"Lag is high"}]`: {
			title: "[Triggered] x", message: "Disk is full\nSee it\n\n[Triggered] y\n\nLag is high", transition: "Triggered",
		},
		`{"component":{"name":"Orders","description":"[P2] [Warn] Lag"}}`:                                             {title: "[P2] [Warn] Lag", message: "[P2] [Warn] Lag", priority: "P2", transition: "Warn"},
		`{"message":"[Warn] Lag","since":"2026-11-29 18:37:04"}`:                                                      {title: "[Warn] Lag", message: "[Warn] Lag", transition: "Warn"},
		`{"subject":"[Warn] Lag","html":"<p>lag was &gt; 3</p><p>See <a href='https://x.example'>the board</a></p>"}`: {title: "[Warn] Lag", message: "lag was > 3\n\nSee [the board](https://x.example)", transition: "Warn"},
		`{"title":"[Warn] Lag","body":"lag was > 3.\\nSee the board.\\n\\n- \\\"a\\\""}`:                              {title: "[Warn] Lag", message: "lag was > 3.\nSee the board.\n\n- \"a\"", transition: "Warn"},
		`{"title":"[Warn] Caf\\u00e9 \\ud83d\\ude00","body":"Gr\\u00fc\\u00dfe"}`:                                     {title: "[Warn] Café 😀", message: "Grüße", transition: "Warn"},
		`{"title":"[Warn] Lag","lines":["lag was > 3 on a","Call Ada."],"labels":["on call","datadog"]}`:              {title: "[Warn] Lag", message: "lag was > 3 on a\nCall Ada.", transition: "Warn"},
		`{"title":"[Warn] Lag","body":"C:\\new\\No of C:\\nil is full"}`:                                              {title: "[Warn] Lag", message: `C:\new\No of C:\nil is full`, transition: "Warn"},
		`{"short_description":"[Warn] Lag","description":"lag was > 3","comments":"Link: ` + link + `"}`:              {title: "[Warn] Lag", message: "lag was > 3", link: link, transition: "Warn"},

		// What a template has for all alerts, or for no value, says nothing.
		`{"title":"[Recovered] CPU","status":"TRIGGERED","text":"m"}`:                                                    {title: "[Recovered] CPU", message: "m", transition: "Recovered"},
		`{"title":"[Warn] Lag","action":"triggered","text":"m"}`:                                                         {title: "[Warn] Lag", message: "m", transition: "Warn"},
		`{"title":"[Triggered] CPU","status":"Renotify","text":"m"}`:                                                     {title: "[Triggered] CPU", message: "m", transition: "Renotify"},
		`{"title":"[Warn] Lag","alert_id":0,"text":"N/A","link":"undefined"}`:                                            {title: "[Warn] Lag", transition: "Warn"},
		`{"story":{"id":12345},"alert":{"event":{"title":"[Warn] Lag","url":"https://app.datadoghq.eu/monitors/4711"}}}`: {title: "[Warn] Lag", link: "https://app.datadoghq.eu/monitors/4711", transition: "Warn", monitor: "4711"},

		// Other tools' words for a state and a severity.
		`{"message":"Disk is full","alert_type":"resolved","summary":"It has room again."}`:                                         {title: "It has room again.", message: "Disk is full", transition: "Recovered"},
		`{"app_key":"k","alerts":[{"status":"critical","check":"Disk of a","description":"It is full.","timestamp":"1796007234"}]}`: {title: "Disk of a", message: "It is full."},
		`{"status":"firing","alerts":[{"labels":{"alertname":"[Warn] Lag"},"annotations":{"description":"lag was > 3"}}]}`:          {title: "[Warn] Lag", message: "lag was > 3", transition: "Warn"},
		`{"action":"Close","alert":{"message":"Disk is full","teams":["a"]}}`:                                                       {message: "Disk is full", transition: "Recovered"},
		`{"event":{"event_type":"incident.resolved","data":{"note":"Disk is full"}}}`:                                               {message: "Disk is full", transition: "Recovered"},
		`{"payload":{"summary":"Disk is full","severity":"critical","custom_details":{"note":"on web-1 of prod"}}}`:                 {title: "Disk is full", message: "on web-1 of prod", priority: "P1"},

		`{"title":"Disk is full","text":"m","service":{"status":"ok","severity":"low"}}`: {title: "Disk is full", message: "m"},

		`{"body":"$INCIDENT_TITLE: $INCIDENT_URL","text":"web-1 is hot","title":"[$ALERT_PRIORITY] $INCIDENT_TITLE","alert_title":"CPU"}`: {title: "CPU", message: "web-1 is hot"},
		`{"x":{"title":"$INCIDENT_TITLE\nCPU is high"}}`:         {title: "CPU is high", message: "$INCIDENT_TITLE\nCPU is high"},
		`{"title":"[Triggered on $HOST: $NAME] CPU","text":"m"}`: {title: "[Triggered on $HOST: $NAME] CPU", message: "m", transition: "Triggered"},
		`{"title":"$5 of $A","text":"$ALERT_TITLE costs $5"}`:    {title: "$5 of $A", message: "$ALERT_TITLE costs $5"},

		// A card's title without a state is one, too.
		`{"content":"<@&12> alert!","embeds":[{"title":"CPU is high","description":"web-1 is at 99","author":{"name":"Datadog Bot"}}]}`:                       {title: "CPU is high", message: "<@&12> alert!\n\nweb-1 is at 99"},
		`{"cards":[{"header":{"title":"CPU is high","subtitle":"Recovered"},"sections":[{"text":"web-1 is at 9"}]}]}`:                                         {title: "CPU is high", message: "web-1 is at 9"},
		`{"blocks":[{"text":{"type":"plain_text","text":"CPU is high"}},{"text":{"text":"web-1 is at 99, see the runbook"}}]}`:                                {title: "CPU is high", message: "web-1 is at 99, see the runbook"},
		`{"attachments":[{"content":{"body":[{"text":"CPU of web-1 is much too high"},{"facts":[{"title":"Tags","value":"a:b"}]},{"text":"It is at 99"}]}}]}`: {title: "CPU of web-1 is much too high", message: "It is at 99"},
		`{"short_description":"CPU is high","description":"web-1 is at 99","work_notes":"Call Ada"}`:                                                          {title: "CPU is high", message: "web-1 is at 99"},
		`{"status":"success","check":"CPU is high","description":"web-1 is at 9"}`:                                                                            {title: "CPU is high", message: "web-1 is at 9"},
		`{"texts":["web-1 is at 99"]}`: {message: "web-1 is at 99"},

		// A state that a template writes in its own form.
		`{"text":"Recovered - CPU of a"}`:                                                                              {title: "", message: "Recovered - CPU of a", transition: "Recovered"},
		`{"title":"CPU of a (Recovered)","text":"m"}`:                                                                  {title: "CPU of a (Recovered)", message: "m", transition: "Recovered"},
		`{"title":"[P2] CPU of a - Re-Triggered","text":"m"}`:                                                          {title: "[P2] CPU of a - Re-Triggered", message: "m", priority: "P2", transition: "Re-Triggered"},
		`{"text":"*Recovered* | CPU | P2"}`:                                                                            {message: "*Recovered* | CPU | P2", transition: "Recovered"},
		`{"title":"✅ RESOLVED: CPU","text":"m","status":"Alert"}`:                                                      {title: "✅ RESOLVED: CPU", message: "m", transition: "Recovered"},
		`{"title":"Health of a","text":"Wanted:\nStatus: OK\nHost: a"}`:                                                {title: "Health of a", message: "Wanted:\nStatus: OK\nHost: a"},
		`{"title":"The ticket is Resolved too early","text":"m"}`:                                                      {title: "The ticket is Resolved too early", message: "m"},
		`{"title":"[RESOLVED] CPU","text":"m"}`:                                                                        {title: "[RESOLVED] CPU", message: "m", transition: "Recovered"},
		`{"title":"🟢 [OK] CPU","text":"m"}`:                                                                            {title: "🟢 [OK] CPU", message: "m", transition: "Recovered"},
		`{"title":"OK: the [Resolved] page","text":"m"}`:                                                               {title: "OK: the [Resolved] page", message: "m"},
		`{"title":"CPU","headers":{"Authorization":"Bearer abc.def"},"api_token":"not a message at all","note":"m n"}`: {title: "CPU", message: "m n"},
		`{"id":"42","routing_key":"R02ABC","note":"N/A"}`:                                                              {title: "Datadog alert 42"},
		`{"text":"🚨 Triggered: CPU of a"}`:                                                                             {message: "🚨 Triggered: CPU of a", transition: "Triggered"},
		`{"text":"Monitor CPU has Recovered on host:a"}`:                                                               {message: "Monitor CPU has Recovered on host:a", transition: "Recovered"},
		`{"title":"Payment state is Recovered late","alert_type":"error","text":"m"}`:                                  {title: "Payment state is Recovered late", message: "m"},

		// A secret, also as a fact of a card, is no message.
		`{"title":"CPU","facts":[{"name":"API Key","value":"not for people to read"}],"text":"m"}`:   {title: "CPU", message: "m"},
		`{"title":"CPU","facts":[{"name":"API Key","value":"not for people to read"}]}`:              {title: "CPU"},
		`{"title":"Resolved tickets are late","text":"Backups - no data. Warn them."}`:               {title: "Resolved tickets are late", message: "Backups - no data. Warn them."},
		`{"title":"CPU","text":"**Host:** a\n**Transition:** No Data\n**Priority:** P2"}`:            {title: "CPU", message: "**Host:** a\n**Transition:** No Data\n**Priority:** P2", priority: "P2", transition: "No Data"},
		`{"title":"CPU","text":"Status: the page\nState:\nwas > 3"}`:                                 {title: "CPU", message: "Status: the page\nState:\nwas > 3"},
		`{"title":"CPU","fields":[{"text":"*Status:*\nRecovered"}],"text":"m n"}`:                    {title: "CPU", message: "m n", transition: "Recovered"},
		`{"title":"CPU","embeds":[{"fields":[{"name":"Status","value":"Recovered"}]}],"text":"m n"}`: {title: "CPU", message: "m n", transition: "Recovered"},
		`{"title":"CPU","alert_type":"success","text":"m","alert_id":"4711"}`:                        {title: "CPU", message: "m", transition: "Recovered", monitor: "4711"},
		`{"title":"Deployed","alert_type":"success","text":"m"}`:                                     {title: "Deployed", message: "m"},

		// Base64, as Pub/Sub, Kinesis and CloudEvents pass an alert on.
		`{"message":{"data":"` + base64Of(`{"id":"8306082280000000003","title":"[Warn] Lag","body":"lag was > 3","alert_id":"4711"}`) + `","messageId":"136969346945"}}`: {title: "[Warn] Lag", message: "lag was > 3", transition: "Warn", monitor: "4711"},
		`{"message":{"data":"` + base64Of("[Warn] Lag\nlag was > 3 on web-1") + `"}}`:                                                                                    {title: "[Warn] Lag", message: "[Warn] Lag\nlag was > 3 on web-1", transition: "Warn"},
		base64Of(`{"title":"[Warn] Lag","body":"lag was > 3"}`):                                                                                                          {title: "[Warn] Lag", message: "lag was > 3", transition: "Warn"},

		`{"a":{"b":["Disk is full"]}}`: {message: "Disk is full"},
		`{"tags":"env:prod"}`:          {message: "env:prod"},
		`{"id":"42"}`:                  {title: "Datadog alert 42"},
	} {
		a := decode(t, body)
		for _, g := range a.Guessed {
			if g.Source == "" {
				t.Errorf("%s: %s is guessed from nothing", body, g.Field)
			}
		}
		if got := (content{cmp.Or(a.Title, a.AlertTitle), a.Message, a.Link, a.Priority, string(a.Transition), a.MonitorID, a.Scope}); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v\nguessed %v", body, got, want, a.Guessed)
		}
	}
}

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func TestDecode_Severity(t *testing.T) {
	for body, want := range map[string]string{
		`{"incident_title":"t","incident_severity":"SEV-1","incident_status":"active"}`:   "error",
		`{"incident_title":"t","incident_severity":"SEV-3","incident_status":"stable"}`:   "warning",
		`{"incident_title":"t","incident_severity":"SEV-1","incident_status":"resolved"}`: "success",
		`{"security_signal_title":"t","security_signal_severity":"high"}`:                 "error",
		`{"security_signal_title":"t","security_signal_severity":"info"}`:                 "",
		`{"title":"t","severity":"critical"}`:                                             "error",
		`{"title":"t","urgency":"low"}`:                                                   "",
		`{"title":"t","severity":"Medium"}`:                                               "warning",
		`{"title":"t","severity":"high","status":"Recovered"}`:                            "",
		`{"security_signal_title":"t","security_signal_severity":"high","type":"info"}`:   "info",
		`{"title":"t","priority":"P1"}`:                                                   "",
		`{"title":"t","alert_status":"error"}`:                                            "error",
		`{"title":"t","severity":"critical","status":"resolved"}`:                         "",
		`{"alerts":[{"title":"t","status":"critical"}]}`:                                  "error",
		`{"title":"t","message_type":"CRITICAL"}`:                                         "error",
	} {
		if got := decode(t, body).Type; got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// Datadog's default payload says all of this in its title and its body only.
func TestDecode_DefaultPayload(t *testing.T) {
	data, err := os.ReadFile("../../events/datadog-default-payload.json")
	if err != nil {
		t.Fatal(err)
	}
	var request struct{ Body string }
	if err := json.Unmarshal(data, &request); err != nil {
		t.Fatal(err)
	}
	a := decode(t, request.Body)
	if a.Transition != Triggered || a.Priority != "P2" || a.MonitorID != "4711" || a.Scope != "availability-zone:eu-west-1b" || !a.Certain() {
		t.Errorf("got %q, %q, monitor %q, group %q, certain %v", a.Transition, a.Priority, a.MonitorID, a.Scope, a.Certain())
	}
	want := []Guess{{"state", "title"}, {"priority", "title"}, {"monitor", "message"}, {"group", "title"}, {"link", "message"}}
	if !slices.Equal(a.Guessed, want) {
		t.Errorf("guessed %v, want %v", a.Guessed, want)
	}
}
