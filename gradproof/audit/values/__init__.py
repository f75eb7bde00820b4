"""What a note's expressions are worth: trees and the values of a reference in, arrays of numbers out."""
