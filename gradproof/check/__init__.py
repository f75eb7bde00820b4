"""The judgement: a case and its trials in; a verdict, with its facts, for every equation out."""
