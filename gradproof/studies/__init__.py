"""Further looks at a case: a loaded case in; other scales, training, planted mistakes and kinks out."""
