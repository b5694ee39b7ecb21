// SPDX-License-Identifier: GPL-2.0-or-later
/* What the scenario expected and what came of it, failures first to be seen. */
#include "report/parts.h"
#include "result/judge.h"

static void say_verdict(struct report *r, enum tn_expectation_verdict verdict)
{
	static const enum report_style style[] = {
		[TN_EXPECTATION_MET] = REPORT_GOOD,
		[TN_EXPECTATION_FAILED] = REPORT_BAD,
		[TN_EXPECTATION_UNDECIDED] = REPORT_WARN,
		[TN_EXPECTATION_NOT_JUDGED] = REPORT_WARN,
	};
	char line[TN_EXPECTATION_TEXT];

	for (size_t i = 0; i < r->run->n_expectations; i++)
		if (r->run->expectation[i].verdict == verdict)
			report_text(r, style[verdict], 2, 4, "%s %s", verdict == TN_EXPECTATION_MET ? "-" : "!",
				    tn_expectation_format(r->run, &r->run->expectation[i], line, sizeof(line)));
}

void report_expectations(struct report *r)
{
	if (!r->run->n_expectations)
		return;
	report_heading(r, "Expectations");
	say_verdict(r, TN_EXPECTATION_FAILED);
	say_verdict(r, TN_EXPECTATION_NOT_JUDGED);
	say_verdict(r, TN_EXPECTATION_UNDECIDED);
	say_verdict(r, TN_EXPECTATION_MET);
}
