"""What a mistake is called: findings and the trials they are from in; the same with a diagnosis out."""
