# A stand-in for Homebrew, where that is not installed: runs the steps of a formula.
#
#     ruby stand_in.rb FORMULA PREFIX    in the folder with the unpacked sources

require "digest"
require "fileutils"
require "open3"
require "pathname"
require "tmpdir"

class Pathname
  # Copies a file into the folder.
  def install(file)
    mkpath
    FileUtils.cp(file, self)
  end
end

class Formula
  include FileUtils

  class << self
    attr_reader :facts, :test_steps

    %i[desc homepage url version sha256 license depends_on].each do |name|
      define_method(name) { |value| (@facts ||= {})[name] = value }
    end

    def test(&steps)
      @test_steps = steps
    end
  end

  attr_reader :prefix, :buildpath, :testpath

  def initialize(prefix)
    @prefix = Pathname(prefix)
    @buildpath = Pathname(Dir.pwd)
  end

  { bin: "bin", lib: "lib", include: "include", share: "share", man1: "share/man/man1" }
    .each { |name, folder| define_method(name) { prefix/folder } }

  def version
    self.class.facts[:version]
  end

  def system(*words)
    Kernel.system(*words.map(&:to_s), exception: true)
  end

  def generate_completions_from_executable(*words)
    folders = { "bash" => "etc/bash_completion.d/zeromq", "zsh" => "share/zsh/site-functions/_zeromq",
                "fish" => "share/fish/vendor_completions.d/zeromq.fish" }
    folders.each do |shell, file|
      text, status = Open3.capture2(*words.map(&:to_s), shell)
      raise "no completions for #{shell}" unless status.success? && !text.empty?
      (prefix/file).dirname.mkpath
      (prefix/file).write(text)
    end
  end

  def shell_output(line)
    text, status = Open3.capture2(line)
    raise "#{line}: #{status}" unless status.success?
    text
  end

  def assert_equal(expected, found)
    raise "expected #{expected.inspect}, found #{found.inspect}" unless expected == found
  end

  def run_test
    Dir.mktmpdir do |folder|
      @testpath = Pathname(folder)
      Dir.chdir(folder) { instance_eval(&self.class.test_steps) }
    end
  end
end

def ENV.cc
  "cc"
end

load ARGV[0]
formula = ZeromqPlugin.new(ARGV[1])
archive = ZeromqPlugin.facts[:url].delete_prefix("file://")
raise "the checksum is wrong" unless Digest::SHA256.file(archive).hexdigest == ZeromqPlugin.facts[:sha256]
formula.install
formula.run_test
